//! `badline completions`: the scripts by which shells complete what is typed. They ask `badline complete`, which knows the words from
//! the same tables as the program itself, and the faults of a modem that runs.

use super::{Cli, show};
use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};
use std::path::Path;
use std::process::ExitCode;

/// Print what completes the words of `badline` in a shell
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Runs it.
    pub fn main(self) -> ExitCode {
        show(script(self.shell, &program()))
    }
}

/// How the program is found by a script where the one that is typed is not: by its name, else where it is.
fn program() -> String {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join("badline").is_file()));
    let own = std::env::current_exe().ok().filter(|own| !found && own.is_file());
    own.as_deref().and_then(Path::to_str).map_or("badline".to_owned(), str::to_owned)
}

/// The script of a shell.
fn script(shell: Shell, program: &str) -> String {
    let program = format!("'{}'", program.replace('\'', "'\\''"));
    let text = match shell {
        Shell::Bash => include_str!("completions/badline.bash"),
        Shell::Zsh => include_str!("completions/badline.zsh"),
        Shell::Fish => include_str!("completions/badline.fish"),
        other => {
            let mut script = vec![];
            generate(other, &mut Cli::command(), "badline", &mut script);
            return String::from_utf8_lossy(&script).into_owned();
        }
    };
    text.replace("PROGRAM", &program)
}
