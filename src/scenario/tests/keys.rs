//! Keys that belong nowhere, and one bracket too few.

use crate::profile::{Profile, keys};
use crate::scenario::Scenario;
use serde_json::Value;

fn told(text: &str) -> Vec<String> {
    let schema = |schema: schemars::Schema| Value::from(schema);
    let profile = schema(schemars::schema_for!(Profile));
    keys::misplaced("f", text, &schema(schemars::schema_for!(Scenario)), &[("module", &profile)])
        .into_iter()
        .map(|m| format!("{}:{} {}; {}", m.line, m.column, m.what, m.right.unwrap_or_default()))
        .collect()
}

#[test]
fn all_unknown_keys_are_told_in_their_order() {
    let text = "profil = \"m10\"\n[server]\nqota = 3\n[server.files]\nx = { sise = 3 }\n[[fault]]\n\
                wen = { at = \"1s\" }\nwhat = { stal = \"down\" }\n[[fault]]\nwhen = { comand = \"AT\" }\n\
                what = { stall = \"down\", lonk = \"ftp.data\" }\n[[expect]]\nfil = \"a\"\n[module]\nbearer.segmnt = 3";
    let told = told(text);
    let begins = [
        "1:1 unknown key `profil`; did you mean `profile`?",
        "3:1 unknown key `qota`; did you mean `quota`?",
        "5:7 unknown key `sise`; did you mean `size`?",
        "7:1 unknown key `wen`; did you mean `when`?",
        "8:10 unknown key `stal`; did you mean `stall`?",
        "10:10 unknown key `comand`; did you mean `command`?",
        "11:26 unknown key `lonk`; did you mean `link`?",
        "13:1 unknown key `fil`; did you mean `file`?",
        "15:8 unknown key `segmnt`; did you mean `segment`?",
    ];
    assert_eq!(told.len(), begins.len(), "{told:#?}");
    for (line, begin) in told.iter().zip(begins) {
        assert!(line.starts_with(begin), "{line}");
    }
}

#[test]
fn one_bracket_too_few_or_too_many_is_told_as_that() {
    for name in ["fault", "expect", "radio"] {
        let told = told(&format!("[{name}]\nx = 1\n"));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].ends_with(&format!("write [[{name}]]")), "{told:?}");
    }
    for name in ["server", "network", "hosts", "forward"] {
        let told = told(&format!("[[{name}]]\nx = 1\n"));
        assert!(told.len() == 1 && told[0].ends_with(&format!("write [{name}]")), "{told:?}");
    }
}
