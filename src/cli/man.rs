//! `badline man`: the manual, from the same words as `--help`.

use super::{Cli, show, show_refusal};
use crate::disk::named;
use clap::{Args, CommandFactory};
use clap_mangen::Man;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

/// Print the manual page, or write all of them
#[derive(Args, Debug)]
pub struct Manual {
    /// Write the pages of the program and of each verb to this folder
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Manual {
    /// Runs it.
    pub fn main(self) -> ExitCode {
        let command = Cli::command();
        let Some(folder) = self.folder else {
            let mut page = vec![];
            return match Man::new(command).render(&mut page) {
                Ok(()) => show(String::from_utf8_lossy(&page)),
                Err(e) => show_refusal(&e),
            };
        };
        let written = fs::create_dir_all(&folder).and_then(|()| clap_mangen::generate_to(command, &folder));
        match written.map_err(named(folder.display())) {
            Ok(()) => ExitCode::SUCCESS,
            Err(e) => show_refusal(&e),
        }
    }
}
