//! The command-line grammar of ITU-T V.250, typed arguments, and result codes.

pub mod args;
pub mod guess;
pub mod line;
pub mod octets;
pub mod ranges;
pub mod result;
pub mod secret;
pub mod visible;
pub mod words;

pub use args::{ArgError, Arguments, FromArg, FromArgs, Int, Quoted, Text};
pub use line::{Call, Form, SyntaxError};
pub use result::ResultCode;
pub use secret::{Secret, Secrets};
pub use visible::{Visible, visible, visible_json, visible_lines};
