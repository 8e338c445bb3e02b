use super::*;
use crate::trace::KINDS;

struct One;

impl Running for One {
    fn modems(&self) -> Words {
        vec![("4711".into(), "sim7080".into())]
    }

    fn faults(&self, modem: Option<&str>) -> Words {
        match modem {
            Some("none") => vec![],
            _ => ["tunnel", "weak", "$(reboot)", "two words"]
                .map(|name| (name.to_owned(), "signal = 2".to_owned()))
                .into(),
        }
    }
}

/// What fits behind these words, of which the last is being typed.
fn told(line: &str) -> Vec<String> {
    let words: Vec<String> = line.split(' ').map(String::from).collect();
    complete(&words, &One).words.into_iter().map(|(word, _)| word).collect()
}

fn files(line: &str) -> bool {
    let words: Vec<String> = line.split(' ').map(String::from).collect();
    complete(&words, &One).files
}

#[test]
fn verbs_options_and_names_are_completed() {
    for (line, right) in [
        ("ex", vec!["exec"]),
        ("ctl inj", vec!["inject"]),
        ("ctl --js", vec!["--json"]),
        ("ctl --modem 47", vec!["4711"]),
        ("ctl lift ", vec!["tunnel", "weak"]),
        ("ctl lift we", vec!["weak"]),
        ("ctl --modem none lift ", vec![]),
        ("ctl --modem=none lift ", vec![]),
        ("run --profile sim7", vec!["sim7080"]),
        ("run --profile=sim7", vec!["--profile=sim7080"]),
        ("show fa", vec!["fault"]),
        ("show fault st", vec!["stall", "stop"]),
        ("show profile m1", vec!["m10"]),
        ("trace --only com", vec!["command"]),
        ("trace --only command,ur", vec!["command,urc"]),
        ("completions z", vec!["zsh"]),
        ("comp", vec!["completions"]),
        ("ctl lift weak ", vec![]),
    ] {
        assert_eq!(told(line), right, "{line}");
    }
    assert_eq!(told("trace --only ").len(), KINDS.len());
    for (line, right) in [
        ("run --scenario ", true),
        ("trace ", true),
        ("ctl save ", true),
        ("ctl lift ", false),
        ("exec -- ", true),
    ] {
        assert_eq!(files(line), right, "{line}");
    }
}

#[test]
fn a_fault_is_completed_with_what_it_takes_and_no_more() {
    assert_eq!(told("ctl inject tun"), ["tunnel"]);
    assert_eq!(told("ctl inject stal"), ["stall="]);
    assert!(told("ctl inject stall=").contains(&"stall=down".to_owned()));
    assert_eq!(told("ctl inject stall=do"), ["stall=down"]);
    for kind in FAULTS.iter() {
        let words = told(&format!("ctl inject {}=1 ", kind.name));
        for param in &kind.params {
            assert_eq!(
                words.contains(&format!("{}=", param.name)),
                param.name != kind.name,
                "{}",
                param.name
            );
        }
        let others = FAULTS.iter().filter(|other| kind.params.iter().all(|own| own.name != other.name));
        for other in others {
            assert!(!words.contains(&format!("{}=", other.name)), "{}: {}", kind.name, other.name);
        }
    }
    let words = told("ctl inject stall=down when.verb=RETR when.");
    assert!(
        words.contains(&"when.nth=".to_owned()) && words.contains(&"when.reply=".to_owned()),
        "{words:?}"
    );
    assert!(!words.contains(&"when.command=".to_owned()) && !words.contains(&"when.link=".to_owned()));
    assert_eq!(told("ctl inject stall=down when.after="), ["when.after=tunnel", "when.after=weak"]);
    assert!(told("ctl inject stall=down until.state=reg").contains(&"until.state=registered".to_owned()));
    assert!(!told("ctl inject reset=1 ").contains(&"for=".to_owned()), "what is over at once lasts no time");
    assert!(told("ctl inject tunnel ").is_empty());
}
