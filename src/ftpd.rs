//! ftpd: libunftp and unftp-sbe-fs; imports nothing of ours.
