//! What a module refuses for the state that it is in, by `errors.state` of its profile, on every maker.

use badline::{play, transcript};

fn plays(profile: &str, values: &str, steps: &str) -> Result<(), String> {
    let text = format!("profile {profile}\nset power_on = []\nports 2\n{values}{steps}");
    let parsed = transcript::parse(profile, &text).map_err(|m| format!("{m:?}"))?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let played = runtime.block_on(play::play(parsed, None, false));
    played.map(drop).map_err(|error| format!("{error}\n{text}"))
}

/// A profile, what is typed first, and what is refused then.
const REFUSED: &[(&str, &[&str], &str)] = &[
    ("m10", &[], "AT+QIACT"),
    ("m10", &[], "AT+QILOCIP"),
    ("m10", &["AT+QIREGAPP"], "AT+QIREGAPP"),
    ("m10", &["AT+QIREGAPP"], "AT+QICSGP=1,\"web\""),
    ("m10", &["AT+QIREGAPP"], "AT+QIFGCNT=1"),
    ("m10", &["AT+QIREGAPP"], "AT+QIMUX=1"),
    ("m95", &[], "AT+QIACT"),
    ("nl668", &[], "AT+MIPCALL=0"),
    ("sim7080", &[], "AT+CNACT=0,0"),
    ("sim800", &[], "AT+SAPBR=0,1"),
    ("sim800", &[], "AT+CIICR"),
    ("sim800", &[], "AT+CIFSR"),
];

#[test]
fn a_command_refused_for_its_state_has_the_profiles_number() {
    let mut wrong = vec![];
    for (profile, before, command) in REFUSED {
        let before: String = before.iter().map(|line| format!("> {line}\n< OK\n")).collect();
        for (value, cmee, said) in [
            ("set errors.state = 3\n", 1, "+CME ERROR: 3"),
            ("set errors.state = 258\n", 1, "+CME ERROR: 258"),
            ("set errors.state = 3\n", 0, "ERROR"),
        ] {
            let steps = format!("> AT+CMEE={cmee}\n< OK\n{before}> {command}\n< {said}\n");
            wrong.extend(plays(profile, value, &steps).err());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn so_has_one_that_another_port_has_overruled() {
    for profile in ["m10", "m95", "nl668", "sim7080", "sim800", "wipsoft", "wismo228"] {
        let values = "set errors.state = 3\nset radio.detaches_after = \"2s\"\n";
        let steps = "> AT+CMEE=1\n< OK\n> AT+CGATT=0\n@2 > AT+CGATT=1\n< +CME ERROR: 3\n@2 < OK\n";
        plays(profile, values, steps).unwrap_or_else(|error| panic!("{error}"));
    }
}
