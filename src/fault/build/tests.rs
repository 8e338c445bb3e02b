use super::*;
use crate::fault::layer::FAULTS as DECLARED;
use crate::fault::layer::kind::Need;
use crate::fault::rule::Rule;
use crate::fault::rule::trigger::ModuleState;
use std::collections::BTreeSet;

/// The same rule, but for where it stands.
fn rule(text: &str) -> Rule {
    Rule { span: 0..0, when_spans: [None, None], ..Rule::parse(text).unwrap() }
}

#[test]
fn each_word_and_each_parameter_that_is_declared_can_be_made() {
    let words: BTreeSet<&str> = DECLARED.iter().map(|kind| kind.name).collect();
    assert_eq!(words, FAULTS.iter().copied().collect());
    let others = DECLARED.iter().flat_map(|kind| kind.params.iter().skip(1).map(|param| param.name));
    assert_eq!(others.collect::<BTreeSet<&str>>(), PARAMETERS.iter().copied().collect());
    let more = DECLARED.iter().filter(|k| k.params.iter().skip(1).any(|p| p.need == Need::Required));
    assert_eq!(more.map(|kind| kind.name).collect::<Vec<_>>(), ["line"]);
}

#[test]
fn what_is_made_is_what_is_written() {
    let second = Duration::from_secs(1);
    let pairs = [
        (
            Fault::stall(Direction::Down).when(When::after_bytes(Links::Data, 600)).lasting(20 * second),
            "when = { link = \"ftp.data\", after_bytes = 600 }\nwhat = { stall = \"down\" }\nfor = \"20s\"",
        ),
        (
            Fault::reset(PowerOn::Banner).dead(2 * second).when(When::boot(1).wait(second)),
            "when = { boot = 1, wait = \"1s\" }\nwhat = { reset = \"banner\", dead = \"2s\" }",
        ),
        (
            Fault::answer(&["OK", "", "+FTPPUT: 1,66"]).when(When::command("AT+FTPPUT=1").nth(2)),
            "when = { command = \"AT+FTPPUT=1\", nth = 2 }\nwhat = { answer = [\"OK\", \"\", \"+FTPPUT: 1,66\"] }",
        ),
        (
            Fault::loss(0.25).retransmit(second / 2).direction(Direction::Up).lasting_ever(),
            "what = { loss = 0.25, retransmit = \"500ms\", direction = \"up\" }\nfor = \"ever\"",
        ),
        (Fault::pdp_drop(None).named("a"), "name = \"a\"\nwhat = { pdp_drop = \"all\" }"),
        (Fault::pdp_drop(Some(1)), "what = { pdp_drop = 1 }"),
        (
            Fault::interject("\r\n+PDP: DEACT\r\n").skip(30).until(When::state(ModuleState::DataMode)),
            "what = { interject = \"\\r\\n+PDP: DEACT\\r\\n\", skip = 30 }\nuntil = { state = \"data_mode\" }",
        ),
        (
            Fault::stop(600).code(451).ended_by(End::Rst).then(Then::Close).when(When::verb("STOR").first(3)),
            "when = { verb = \"STOR\", first = 3 }\nwhat = { stop = 600, code = 451, cut = \"rst\", then = \"close\" }",
        ),
        (Fault::rate(9600).link(Links::Socket), "what = { rate = \"9600bit/s\", link = \"socket\" }"),
        (Fault::from("what = { signal = 3 }").lasting(second), "what = { signal = 3 }\nfor = \"1s\""),
    ];
    for (made, written) in pairs {
        assert_eq!(rule(&made.to_string()), rule(written), "{made}");
    }
}

#[test]
fn what_a_fault_does_not_have_is_told() {
    let wrong = |fault: Fault| Rule::parse(&fault.to_string()).unwrap_err();
    assert_eq!(wrong(Fault::sim().jitter(Duration::ZERO)).what, "the fault `sim` has no `jitter`");
    assert_eq!(wrong(Fault::corrupt(u64::MAX)).what, "wrong value of `corrupt`");
    assert_eq!(wrong(Fault::line(ControlLine::Dcd)).what, "`on` is missing");
    let two = wrong(Fault::sim().when(When { urc: Some("a".into()), ..When::command("b") }));
    assert_eq!(two.what, "`when` names two events");
}
