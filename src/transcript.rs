//! transcript: the .at format: parse, print, match.
