//! The `badline` program; see the library's `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    badline::cli::main()
}
