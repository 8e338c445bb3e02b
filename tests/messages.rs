//! AT+CSMS, AT+CPMS and AT+CSCA (3GPP TS 27.005 sections 3.2.1, 3.2.2, 3.3.1) on every module: what is set reads back.

use badline::{play, transcript};

const ALL: [&str; 7] = ["sim7080", "sim800", "nl668", "m10", "m95", "wipsoft", "wismo228"];

fn plays(profile: &str, steps: &str) {
    let text = format!("profile {profile}\nset power_on = []\n{steps}");
    let parsed = transcript::parse(profile, &text).expect(&text);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(play::play(parsed, None, false)).unwrap_or_else(|error| panic!("{error}\n{text}"));
}

#[test]
fn the_service_is_told_and_kept() {
    for profile in ALL {
        let other = if profile == "m95" { 128 } else { 1 };
        let steps = format!(
            "> AT+CSMS?\n< +CSMS: 0,1,1,1\n< OK\n> AT+CSMS=?\n< +CSMS: (0,{other})\n< OK\n\
             > AT+CSMS={other}\n< +CSMS: 1,1,1\n< OK\n> AT+CSMS?\n< +CSMS: {other},1,1,1\n< OK\n"
        );
        plays(profile, &steps);
        plays(profile, "> AT+CMEE=0\n< OK\n> AT+CSMS=7\n< ERROR\n> AT+CSMS?\n< +CSMS: 0,1,1,1\n< OK\n");
    }
}

#[test]
fn a_store_reads_back_and_one_that_is_not_there_is_refused() {
    for profile in ALL {
        let (sim, own) = match profile {
            "m95" => (50, Some(10)),
            "sim7080" => (30, None),
            _ => (30, Some(30)),
        };
        let quiet = "> AT+CMEE=0\n< OK\n";
        let all = format!("\"SM\",0,{sim}");
        plays(profile, &format!("{quiet}> AT+CPMS?\n< +CPMS: {all},{all},{all}\n< OK\n"));
        plays(
            profile,
            &format!(
                "{quiet}> AT+CPMS=\"SM\",\"XX\"\n< ERROR\n> AT+CPMS?\n< +CPMS: {all},{all},{all}\n< OK\n"
            ),
        );
        let Some(own) = own else {
            plays(
                profile,
                &format!("{quiet}> AT+CPMS=\"ME\"\n< ERROR\n> AT+CPMS=\"SM\",\"SM\",\"ME\"\n< ERROR\n"),
            );
            continue;
        };
        // What is left out stays.
        plays(
            profile,
            &format!(
                "{quiet}> AT+CPMS=\"ME\"\n< +CPMS: 0,{own},0,{sim},0,{sim}\n< OK\n\
                 > AT+CPMS=\"SM\",me,\"ME\"\n< +CPMS: 0,{sim},0,{own},0,{own}\n< OK\n\
                 > AT+CPMS?\n< +CPMS: \"SM\",0,{sim},\"ME\",0,{own},\"ME\",0,{own}\n< OK\n"
            ),
        );
    }
}

#[test]
fn the_service_centre_reads_back_in_one_form() {
    for profile in ALL {
        for (typed, told) in [
            ("\"+491710760000\"", "\"+491710760000\",145"),
            ("+491710760000", "\"+491710760000\",145"),
            ("\"01710760000\"", "\"01710760000\",129"),
            ("01710760000", "\"01710760000\",129"),
            ("\"491710760000\",145", "\"491710760000\",145"),
            ("\"01710760000\",161", "\"01710760000\",161"),
        ] {
            plays(profile, &format!("> AT+CSCA={typed}\n< OK\n> AT+CSCA?\n< +CSCA: {told}\n< OK\n"));
        }
        for wrong in ["\"me\"", "\"+49\",7", "\"++49\"", "\"+491710760000491710760000\""] {
            let quiet = "> AT+CMEE=0\n< OK\n";
            plays(
                profile,
                &format!(
                    "{quiet}> AT+CSCA={wrong}\n< ERROR\n> AT+CSCA?\n< +CSCA: \"+15555550100\",145\n< OK\n"
                ),
            );
        }
        // The card keeps it.
        let banner = "~< 20s\n< +WIND: 1\n< +WIND: 3\n< +WIND: 4\n< +WIND: 16\n";
        let banner = if profile.starts_with("wi") { banner } else { "~ 20s\n" };
        let reset = format!("> AT+CFUN=1,1\n< OK\n{banner}> AT\n< OK\n");
        let set = "> AT+CSCA=\"0171\"\n< OK\n";
        plays(profile, &format!("{set}{reset}> AT+CSCA?\n< +CSCA: \"0171\",129\n< OK\n"));
    }
}
