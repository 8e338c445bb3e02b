//! ftp: the module's FTP client: replies in, verbs out.
