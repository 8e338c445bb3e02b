//! `badline completions`: what a shell knows of the program, from the same tables as the program itself.

use super::{Cli, show};
use crate::fault::{FAULTS, When};
use clap::builder::PossibleValuesParser;
use clap::{Args, Command, CommandFactory};
use clap_complete::{Shell, generate};
use std::collections::BTreeSet;
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
        show(script(self.shell))
    }
}

/// The script of a shell.
pub fn script(shell: Shell) -> String {
    let words: Vec<String> = words().into_iter().collect();
    let known = PossibleValuesParser::new(words.clone());
    // For the script alone: what is typed may be more than these words.
    let mut command = Cli::command().mut_subcommand("ctl", |ctl: Command| {
        ctl.mut_subcommand("inject", |inject| inject.mut_arg("fault", |arg| arg.value_parser(known)))
    });
    let mut script = vec![];
    generate(shell, &mut command, "badline", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    script + &by_hand(shell, &words)
}

/// What clap's scripts do not do: no blank behind `signal=`, the values behind it, and words without a dash in fish.
fn by_hand(shell: Shell, words: &[String]) -> String {
    let whole: Vec<&str> = words.iter().filter(|word| !word.ends_with('=')).map(String::as_str).collect();
    let (words, whole) = (words.join(" "), whole.join(" "));
    match shell {
        Shell::Bash => format!(
            r#"
_badline_faults() {{
    local word="${{COMP_LINE:0:COMP_POINT}}"
    word="${{word##* }}"
    if [[ "$word" == *=* && "$COMP_LINE" == *" ctl "*"inject "* ]]; then
        COMPREPLY=($(compgen -W "{whole}" -- "$word"))
        [[ "$COMP_WORDBREAKS" == *=* ]] && COMPREPLY=("${{COMPREPLY[@]#*=}}")
        return 0
    fi
    _badline "$@"
    [[ ${{#COMPREPLY[@]}} -eq 1 && "${{COMPREPLY[0]}}" == *= ]] && compopt -o nospace
    return 0
}}
complete -F _badline_faults -o bashdefault -o default badline
"#
        ),
        Shell::Fish => format!(
            "complete -c badline -n \"__fish_seen_subcommand_from ctl; and __fish_seen_subcommand_from inject\" -f -a \"{words}\"\n"
        ),
        _ => String::new(),
    }
}

/// The words of a fault that is typed: KEY= for each parameter, with its value where there are only a few.
fn words() -> BTreeSet<String> {
    let mut words: BTreeSet<String> = ["name=".to_owned(), "for=".to_owned()].into();
    for param in FAULTS.iter().flat_map(|kind| &kind.params) {
        words.insert(format!("{}=", param.name));
        words.extend(
            values(param.schema.as_value()).into_iter().map(|value| format!("{}={value}", param.name)),
        );
    }
    let when = schemars::schema_for!(When).to_value();
    for key in when["properties"].as_object().into_iter().flatten().map(|(key, _)| key) {
        words.extend(["when", "until"].map(|table| format!("{table}.{key}=")));
    }
    words
}

/// The words that a parameter takes, where there are only a few.
fn values(schema: &serde_json::Value) -> Vec<String> {
    let list = |key: &str| schema[key].as_array().into_iter().flatten();
    let own = list("enum").chain(schema.get("const")).filter_map(|value| match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Null => None,
        other => Some(other.to_string()),
    });
    own.chain(list("oneOf").chain(list("anyOf")).flat_map(values)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_and_its_parameters_are_completed_in_each_shell() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = script(shell);
            for param in FAULTS.iter().flat_map(|kind| &kind.params) {
                assert!(script.contains(&format!("{}=", param.name)), "{shell}: {}", param.name);
            }
            for word in ["stall=down", "when.command=", "until.urc=", "for=", "sim=out", "inject", "verdict"]
            {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }
}
