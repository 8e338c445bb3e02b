//! A symbolic link with a name of the user's choice to a port whose name the system chose.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// A symbolic link that goes when it is dropped, unless it has come to point elsewhere.
#[derive(Debug)]
pub struct Link {
    path: PathBuf,
    target: PathBuf,
}

impl Link {
    /// Links `path` to `target`, in place of a link that is there, in one step.
    ///
    /// # Errors
    /// `AlreadyExists` where something else than a symbolic link is at `path`; else what the file
    /// system says.
    pub fn create(path: &Path, target: &Path) -> io::Result<Link> {
        let mut link = Link { path: path.to_owned(), target: PathBuf::new() };
        link.point_to(target)?;
        Ok(link)
    }

    /// As [`Link::create`], for a link that was there before. A plain file in its place is what somebody wrote who took
    /// the name for a port, and had the system make a file while there was none: it is set aside, and is told.
    ///
    /// # Errors
    /// As [`Link::create`].
    pub fn create_again(path: &Path, target: &Path) -> io::Result<(Link, Option<PathBuf>)> {
        let mut aside = path.as_os_str().to_owned();
        aside.push(".stray");
        let strayed = fs::symlink_metadata(path).is_ok_and(|there| there.is_file());
        let moved = if strayed { fs::rename(path, &aside).ok() } else { None };
        Ok((Link::create(path, target)?, moved.map(|()| aside.into())))
    }

    /// Where the link is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Points the link to `target` instead.
    ///
    /// # Errors
    /// As [`Link::create`].
    pub fn point_to(&mut self, target: &Path) -> io::Result<()> {
        if self.target != target {
            replace(&self.path, target)?;
            self.target = target.to_owned();
        }
        Ok(())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if fs::read_link(&self.path).is_ok_and(|target| target == self.target) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn replace(path: &Path, target: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_symlink() => {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it exists and is no symbolic link"));
        }
        _ => (),
    }
    let mut temporary = OsString::from(path);
    temporary.push(format!(".{}.tmp", std::process::id()));
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => (),
    }
    symlink(target, &temporary)?;
    fs::rename(&temporary, path).inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_replaces_a_link_and_is_removed() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("modem");
        symlink("/nowhere", &path)?;
        let mut link = Link::create(&path, Path::new("/dev/null"))?;
        assert_eq!(fs::read_link(&path)?, Path::new("/dev/null"));
        link.point_to(Path::new("/dev/zero"))?;
        assert_eq!(fs::read_link(link.path())?, Path::new("/dev/zero"));
        drop(link);
        assert_eq!(fs::read_dir(dir.path())?.count(), 0);
        Ok(())
    }

    #[test]
    fn a_link_that_another_has_taken_over_stays() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("modem");
        let first = Link::create(&path, Path::new("/dev/null"))?;
        let second = Link::create(&path, Path::new("/dev/zero"))?;
        drop(first);
        assert_eq!(fs::read_link(&path)?, Path::new("/dev/zero"));
        drop(second);
        assert!(fs::symlink_metadata(&path).is_err());
        Ok(())
    }

    #[test]
    fn a_file_that_was_written_for_want_of_the_port_is_set_aside() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("modem");
        for text in ["AT", "ATI"] {
            fs::write(&path, text)?;
            let (link, aside) = Link::create_again(&path, Path::new("/dev/null"))?;
            assert_eq!(fs::read_link(&path)?, Path::new("/dev/null"));
            assert_eq!(fs::read_to_string(aside.expect("it was there"))?, text);
            drop(link);
        }
        assert!(Link::create_again(&path, Path::new("/dev/null"))?.1.is_none());
        Ok(())
    }

    #[test]
    fn a_file_is_left_alone() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("modem");
        fs::write(&path, "mine")?;
        let error = Link::create(&path, Path::new("/dev/null")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert!(error.to_string().contains("it exists and is no symbolic link"), "{error}");
        assert_eq!(fs::read_to_string(&path)?, "mine");
        assert!(Link::create(&dir.path().join("no/such"), Path::new("/dev/null")).is_err());
        Ok(())
    }
}
