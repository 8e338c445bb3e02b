//! The other end of a control socket: what `badline ctl` and `badline trace` speak through.

use super::address::Address;
use super::answer::Wrong;
use super::place::found;
use super::request::Request;
use crate::disk::why;
use serde_json::{Map, Value};
use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long a modem that is only looked for may take to say what it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// A connection to a modem that runs.
pub struct Client {
    input: Box<dyn BufRead>,
    output: Box<dyn Write>,
    /// The key, until it was shown.
    key: Option<String>,
}

/// A modem that runs.
#[derive(Clone, Debug)]
pub struct Running {
    /// Its process.
    pub pid: u32,
    /// Its control socket.
    pub address: Address,
    /// What it says of itself.
    pub status: Map<String, Value>,
}

impl Client {
    /// Connects; over TCP the key of the run is needed.
    ///
    /// # Errors
    /// What the system refuses, in words for the user.
    pub fn connect(address: &Address, key: Option<String>) -> Result<Client, Wrong> {
        Client::open(address, key, None).map_err(|e| {
            let right = "`badline ctl list` tells which modems run";
            Wrong::new(format!("the control socket {address}: {}", why(&e)), right)
        })
    }

    fn open(address: &Address, key: Option<String>, patience: Option<Duration>) -> io::Result<Client> {
        let (input, output): (Box<dyn Read>, Box<dyn Write>) = match address {
            Address::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(patience)?;
                (Box::new(stream.try_clone()?), Box::new(stream))
            }
            Address::Tcp(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_read_timeout(patience)?;
                (Box::new(stream.try_clone()?), Box::new(stream))
            }
        };
        let key = key.filter(|_| matches!(address, Address::Tcp(_)));
        Ok(Client { input: Box::new(BufReader::new(input)), output, key })
    }

    /// Asks, and gives what is answered.
    ///
    /// # Errors
    /// What is wrong with the request; the modem runs no more.
    pub fn ask(&mut self, request: &Request) -> Result<Map<String, Value>, Wrong> {
        self.send(request)?;
        let line = self.line().map_err(gone)?;
        let answer = line.and_then(|line| serde_json::from_str(&line).ok());
        let Some(Value::Object(mut answer)) = answer else {
            return Err(Wrong::new("the modem runs no more", ""));
        };
        let mut text = |key| answer.remove(key).and_then(|value| Some(value.as_str()?.to_owned()));
        if let Some(error) = text("error") {
            return Err(Wrong::new(error, text("right").unwrap_or_default()));
        }
        answer.remove("ok");
        Ok(answer)
    }

    /// Asks, and does not wait for the answer.
    ///
    /// # Errors
    /// The modem runs no more.
    pub fn send(&mut self, request: &Request) -> Result<(), Wrong> {
        let mut asked = serde_json::to_value(request).map_err(|e| gone(e.into()))?;
        if let (Some(key), Some(asked)) = (self.key.take(), asked.as_object_mut()) {
            asked.insert("key".into(), key.into());
        }
        self.output.write_all(format!("{asked}\n").as_bytes()).map_err(gone)
    }

    /// All that is still to come.
    pub fn into_input(self) -> Box<dyn BufRead> {
        self.input
    }

    /// The next line; none at the end.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        Ok((self.input.read_line(&mut line)? > 0).then_some(line))
    }
}

fn gone(error: io::Error) -> Wrong {
    Wrong::new(format!("the modem answers no more: {}", why(&error)), "")
}

/// The modems of this user that run, and answer.
pub fn running() -> Vec<Running> {
    let asked = found().into_iter().filter_map(|found| {
        let address = Address::Unix(found.path);
        let mut client = Client::open(&address, None, Some(PATIENCE)).ok()?;
        let status = client.ask(&Request::Status {}).unwrap_or_default();
        Some(Running { pid: found.pid, address, status })
    });
    asked.collect()
}

/// The modem that is meant: by its profile, its scenario or its link, by its process, or by the address of its control
/// socket. Without a word the one whose host this is, else the only one.
///
/// # Errors
/// There is none, or there are several.
pub fn find(wanted: Option<&str>) -> Result<Address, Wrong> {
    let address = |text: &str| text.parse::<Address>().map_err(|what| Wrong::new(what, ""));
    let told = env::var("BADLINE_CONTROL").ok().filter(|told| !told.is_empty());
    match (wanted, told) {
        (None, Some(told)) => return address(&told),
        (Some(wanted), _) if wanted.contains(['/', ':']) && !is_link(wanted) => return address(wanted),
        _ => {}
    }
    let mut meant = running();
    meant.retain(|running| wanted.is_none_or(|wanted| running.is(wanted)));
    match &meant[..] {
        [one] => Ok(one.address.clone()),
        [] => {
            let what = wanted.map_or("no modem runs".to_owned(), |name| format!("no modem `{name}` runs"));
            let right = match wanted {
                None => "start one with `badline run`",
                Some(_) => "`badline ctl list` tells which do",
            };
            Err(Wrong::new(what, right))
        }
        several => {
            let pids: Vec<String> = several.iter().map(|running| running.pid.to_string()).collect();
            let right = format!("choose one with --modem: {}", pids.join(", "));
            Err(Wrong::new(format!("{} modems run", several.len()), right))
        }
    }
}

/// Whether a path is no socket, and so the link of a port.
fn is_link(path: &str) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|there| there.file_type().is_char_device())
}

impl Running {
    /// Whether a word means it.
    fn is(&self, wanted: &str) -> bool {
        let text = |key: &str| self.status.get(key).and_then(Value::as_str).unwrap_or_default();
        let scenario = Path::new(text("scenario"));
        let links = self.status.get("links").and_then(Value::as_array).into_iter().flatten();
        let mut links = links.filter_map(Value::as_str).map(Path::new);
        wanted == self.pid.to_string()
            || wanted == text("profile")
            || Path::new(wanted) == scenario
            || scenario.file_stem().is_some_and(|stem| stem == wanted)
            || links
                .any(|link| link == Path::new(wanted) || link.file_name().is_some_and(|name| name == wanted))
    }
}
