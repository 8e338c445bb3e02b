//! frame: data-mode codecs: ETX/DLE, fixed length, +++ guard.
