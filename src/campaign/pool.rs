//! So many runs at once, each on a thread of its own.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Threads that work through what there is to do. What each has come to is received one by one, in no order.
#[derive(Debug)]
pub struct Pool<R> {
    done: UnboundedReceiver<R>,
    stopped: Arc<AtomicBool>,
}

impl<R: Send + 'static> Pool<R> {
    /// Has `work` done on each of `items`, at most `jobs` at a time. Where it panics, `panicked` says what came of it.
    ///
    /// # Errors
    /// Where not even one thread can be had.
    pub fn start<T: Clone + Send + 'static>(
        jobs: usize,
        items: impl Iterator<Item = T> + Send + 'static,
        work: impl Fn(T) -> R + Send + Sync + 'static,
        panicked: impl Fn(T) -> R + Send + Sync + 'static,
    ) -> io::Result<Pool<R>> {
        let (tell, done) = unbounded_channel();
        let stopped = Arc::new(AtomicBool::new(false));
        let items = Arc::new(Mutex::new(items));
        let work = Arc::new((work, panicked));
        for number in 0..jobs.max(1) {
            let (tell, stopped, items, work) = (tell.clone(), stopped.clone(), items.clone(), work.clone());
            let serve = move || {
                while !stopped.load(Ordering::SeqCst) {
                    let next = items.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(item) = next else { break };
                    let (work, panicked) = &*work;
                    let its = item.clone();
                    let result =
                        catch_unwind(AssertUnwindSafe(|| work(its))).unwrap_or_else(|_| panicked(item));
                    if tell.send(result).is_err() {
                        break;
                    }
                }
            };
            match thread::Builder::new().name(format!("run {}", number + 1)).spawn(serve) {
                Err(error) if number == 0 => return Err(error),
                // There are fewer at once, then.
                Err(error) => {
                    tracing::warn!("no more than {number} runs at once: {error}");
                    break;
                }
                Ok(_) => {}
            }
        }
        Ok(Pool { done, stopped })
    }

    /// What the next has come to; none when all is done, and what had begun when it was stopped.
    pub async fn next(&mut self) -> Option<R> {
        self.done.recv().await
    }

    /// Begins nothing more.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }
}

impl<R> Drop for Pool<R> {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[tokio::test]
    async fn all_is_done_once_and_so_many_at_once() {
        let together = Arc::new(Barrier::new(3));
        let work = move |n: u32| {
            together.wait();
            n
        };
        let mut pool = Pool::start(3, 0..9, work, |n| n).unwrap();
        let mut done = vec![];
        while let Some(n) = pool.next().await {
            done.push(n);
        }
        done.sort_unstable();
        assert!(done.into_iter().eq(0..9));
    }

    #[tokio::test]
    async fn a_panic_is_a_result_and_the_rest_goes_on() {
        let work = |n: u32| if n == 1 { panic!("this is a part of the test") } else { Some(n) };
        let mut pool = Pool::start(1, 0..3, work, |_| None).unwrap();
        let mut done = vec![];
        while let Some(n) = pool.next().await {
            done.push(n);
        }
        assert_eq!(done, [Some(0), None, Some(2)]);
    }

    #[tokio::test]
    async fn what_is_stopped_begins_nothing_more() {
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        let work = move |n: u32| {
            let _ = wait.lock().unwrap().recv();
            n
        };
        let mut pool = Pool::start(1, 0..9, work, |n| n).unwrap();
        go.send(()).unwrap();
        assert_eq!(pool.next().await, Some(0));
        pool.stop();
        drop(go);
        // The second may have begun.
        let mut more = 0;
        while pool.next().await.is_some() {
            more += 1;
        }
        assert!(more <= 1, "{more}");
    }
}
