//! Each kind: a recording with it, and one that looks alike without it.

use super::{Code, Diagnosis, Finding, KINDS, Known, Times, Trust};
use crate::maker::PROFILES;
use crate::profile;
use crate::transcript::{Reader, parse};
use proptest::prelude::*;

fn found(text: &str) -> Vec<Finding> {
    let transcript = parse("r.at", &format!("recorded\n{text}")).unwrap_or_else(|m| panic!("{m:?}"));
    let find = |name: &str| {
        PROFILES.iter().find(|(n, _)| *n == name).map(|(n, t)| (format!("{n}.toml"), t.to_string()))
    };
    let profile = transcript.profile().map(|name| {
        let (file, text) = find(name).expect("a profile");
        profile::load(&file, &text, &find).expect("a profile")
    });
    let mut diagnosis =
        Diagnosis::new(Known::of(profile.as_ref()), transcript.ports(), Trust::of(&transcript));
    transcript.steps.iter().for_each(|step| diagnosis.step(step));
    diagnosis.finish();
    std::iter::from_fn(|| diagnosis.poll()).collect()
}

fn codes(text: &str) -> Vec<Code> {
    found(text).iter().map(|finding| finding.code).collect()
}

/// A kind, a recording that shows it, and one that looks alike.
const CASES: &[(Code, &str, &str)] = &[
    (
        Code::NoAnswer,
        "> AT+CSQ\n~ 5s\n> AT\n< OK\n",
        "> AT+CSQ\n~< 900ms\n< +CSQ: 20,99\n< OK\n~ 5s\n> AT\n< OK\n",
    ),
    (
        Code::ModuleSilent,
        "> AT\n< OK\n~ 1s\n> AT+CSQ\n~ 5s\n> AT\n~ 5s\n> AT\n~ 5s\n> AT\n< OK\n",
        "> AT\n< OK\n~ 30s\n> AT\n< OK\n",
    ),
    (
        Code::ModuleSilent,
        "> AT+CSQ\n~ 9s\n> AT\n~ 9s\n> AT\n< OK\n",
        "profile sim800\n> AT+FTPPUT=2,3\n< +FTPPUT: 2,3\n~ 30s\n>= abc\n~ 9s\n> AT\n~ 9s\n> AT\n< OK\n",
    ),
    (Code::LateAnswer, "> AT+CSQ\n~< 12s\n< OK\n", "> AT+CSQ\n~< 9s\n< OK\n"),
    (Code::LateAnswer, "> AT+COPS=0\n~< 70s\n< OK\n", "> AT+COPS=0\n~< 50s\n< OK\n"),
    (
        Code::LateReport,
        "profile sim7080\n> AT+FTPGET=1\n< OK\n~< 30s\n< +FTPGET: 1,1\n",
        "profile sim7080\n> AT+FTPGET=1\n< OK\n~< 3s\n< +FTPGET: 1,1\n~ 30s\n> AT+FTPGET=2,5\n< +FTPGET: 2,5\n<= abcde\n< OK\n",
    ),
    (
        Code::MissingReport,
        "profile m10\n> AT+QFTPOPEN=\"h\",21\n< OK\n~ 90s\n> AT+QFTPOPEN=\"h\",21\n< OK\n< +QFTPOPEN:0\n",
        "profile m10\n> AT+QFTPOPEN=\"h\",21\n< OK\n~< 3s\n< +QFTPOPEN:0\n~ 90s\n> AT+QFTPCLOSE\n< OK\n< +QFTPCLOSE:0\n",
    ),
    (
        Code::TypedEarly,
        "> AT+CSQ\n~ 50ms\n> AT+CREG?\n< +CSQ: 20,99\n< OK\n",
        "> AT\n~ 300ms\n> AT\n~ 300ms\n> AT\n< OK\n",
    ),
    (
        Code::RetryStorm,
        "> AT+X\n< ERROR\n~ 1s\n> AT+X\n< ERROR\n~ 1s\n> AT+X\n< ERROR\n~ 1s\n> AT+X\n< ERROR\n",
        "> AT+CREG?\n< +CREG: 0,1\n< OK\n~ 1s\n> AT+CREG?\n< +CREG: 0,1\n< OK\n~ 1s\n> AT+CREG?\n< +CREG: 0,1\n< OK\n> AT+CREG?\n< +CREG: 0,1\n< OK\n",
    ),
    (
        Code::RetryStorm,
        "profile sim800\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,66\n~ 1s\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,66\n~ 1s\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,66\n~ 1s\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,66\n",
        "profile sim800\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,64\n~ 1s\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,1\n",
    ),
    (
        Code::UrcInAnswer,
        "> AT+CSQ\n< +CMTI: \"SM\",1\n< +CSQ: 20,99\n< OK\n",
        "> AT+CREG?\n< +CREG: 0,1\n< OK\n< +CMTI: \"SM\",1\n",
    ),
    (Code::UrcInAnswer, "> AT+CSQ\n< +CSQ: 20,0RING\n< OK\n", "> AT+CGMM\n< STRING\n< OK\n"),
    (Code::UrcInAnswer, "> AT+CSQ\n< +CSQ: 20,0\n< OKRING\n", "> AT+CSQ\n< +CSQ: 20,0\n< OK\n< RING\n"),
    (
        Code::UrcInAnswer,
        "> AT+CSQ\n< +CSQ: 20,0+CMTI: \"SM\",1\n< OK\n",
        "> AT+CUSD=1\n< OK\n< +CUSD: 0,\"+CMTI: RING\",15\n",
    ),
    (Code::UrcInAnswer, "> AT+CSQ\n< RING+CSQ: 20,0\n< OK\n", "> AT+CIMI\n< 310260000000001\n< OK\n"),
    (
        Code::UrcBeforeEcho,
        ">= AT+CSQ\\r\n<= \\r\\n+CREG: 2\\r\\nAT+CSQ\\r\n< +CSQ: 20,99\n< OK\n",
        ">= AT+CSQ\\r\n<= AT+CSQ\\r\n< +CSQ: 20,99\n< OK\n",
    ),
    (
        Code::UrcInData,
        "profile sim800\n> AT+FTPGET=2,8\n< +FTPGET: 2,8\n<= abcd\n< +PDP: DEACT\n<= efgh\n< OK\n",
        "profile sim800\n> AT+FTPGET=2,21\n< +FTPGET: 2,21\n<= abcd\n< +PDP: DEACT\n<= efgh\n< OK\n",
    ),
    (
        Code::ResetBanner,
        "> AT\n< OK\n~ 5s\n< RDY\n< +CFUN: 1\n",
        "> AT\n< OK\n> AT+CFUN=1,1\n< OK\n~< 5s\n< RDY\n< +CFUN: 1\n",
    ),
    (Code::ResetBanner, "> AT+CSQ\n< +CSQ: 20,99\n< OK\n~< 2s\n< RDY\n", "< RDY\n> AT\n< OK\n"),
    (
        Code::ResetBare,
        "> AT+CSQ\n< +CSQ: 20,0\n< OK\n> AT+FTPSIZE\n~ 12s\n> AT\n< OK\n> AT+CSQ\n< +CSQ: 0,0\n< OK\n",
        "> AT+CSQ\n< +CSQ: 20,0\n< OK\n> AT+FTPSIZE\n~ 12s\n> AT\n< OK\n> AT+CSQ\n< +CSQ: 19,0\n< OK\n",
    ),
    (
        Code::PowerOff,
        "> AT+CSQ\n< +CSQ: 20,99\n< OK\n~< 3s\n< NORMAL POWER DOWN\n~ 5s\n> AT+CSQ\n~ 30s\n> AT\n~ 5s\n> AT\n~ 5s\n< RDY\n",
        "> AT+CPOWD=1\n< NORMAL POWER DOWN\n~ 60s\n< RDY\n",
    ),
    (Code::UnderVoltage, "> AT\n< OK\n< UNDER-VOLTAGE WARNNING\n", "> AT+CBC\n< +CBC: 0,85,3900\n< OK\n"),
    (
        Code::EchoBack,
        "> ATE0\n< OK\n> AT+CSQ\n# echo on again\n< +CSQ: 20,99\n< OK\n",
        "> ATE0\n< OK\n> ATE1\n< OK\n> AT+CSQ\n# echo on again\n< +CSQ: 20,99\n< OK\n",
    ),
    (Code::BearerLost, "> AT\n< OK\n~< 9s\n< +SAPBR 1: DEACT\n", "> AT+CGATT=0\n< +SAPBR 1: DEACT\n< OK\n"),
    (
        Code::BearerLost,
        "> AT\n< OK\n~< 9s\n< +CGEV: NW PDN DEACT\n",
        "> AT\n< OK\n~< 9s\n< +CGEV: NW DETACH\n",
    ),
    (Code::BearerLost, "> AT\n< OK\n~< 9s\n< +PDP: DEACT\n", "> AT+CIPSHUT\n< SHUT OK\n< +PDP: DEACT\n"),
    (
        Code::BearerLost,
        "> AT+CNACT=0,1\n< OK\n< +APP PDP: 0,ACTIVE\n~< 9s\n< +APP PDP: 0,DEACTIVE\n",
        "> AT+CNACT=0,0\n< OK\n< +APP PDP: 0,DEACTIVE\n",
    ),
    (
        Code::BearerFailed,
        "profile wipsoft\n> AT+WIPBR=4,6,0\n< +CME ERROR: 814\n",
        "profile wipsoft\n> AT+WIPBR=4,6,0\n< OK\n",
    ),
    (
        Code::NoBearer,
        "profile sim800\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,61\n",
        "profile sim800\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,1\n",
    ),
    (
        Code::NameFailed,
        "profile m10\n> AT+QFTPOPEN=\"h\",21\n< OK\n< +QFTPOPEN:-4\n",
        "profile m10\n> AT+QFTPOPEN=\"h\",21\n< OK\n< +QFTPOPEN:0\n",
    ),
    (
        Code::ConnectFailed,
        "profile sim800\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,63\n",
        "profile sim800\n> AT+FTPSIZE\n< OK\n< +FTPSIZE: 1,0,63\n",
    ),
    (
        Code::ConnectFailed,
        "> AT+CIPSTART=\"TCP\",\"h\",80\n< OK\n< CONNECT FAIL\n",
        "> AT+CIPSTART=\"TCP\",\"h\",80\n< OK\n< CONNECT OK\n",
    ),
    (
        Code::ServerSilent,
        "profile sim800\n> AT+FTPSIZE\n< OK\n~< 75s\n< +FTPSIZE: 1,64,0\n",
        "profile sim800\n> AT+FTPSIZE\n< OK\n< +FTPSIZE: 1,0,64\n",
    ),
    (
        Code::ServerClosed,
        "profile m10\n> AT\n< OK\n< +QFTPERROR:-421\n",
        "profile m10\n> AT+QFTPCLOSE\n< OK\n< +QFTPCLOSE:0\n",
    ),
    (
        Code::LoginRefused,
        "profile sim800\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,72\n",
        "profile sim800\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,0\n",
    ),
    (
        Code::RequestRefused,
        "profile m10\n> AT+QFTPGET=\"a\"\n< OK\n< +QFTPGET:-550\n",
        "profile m10\n> AT+QFTPGET=\"a\"\n< OK\n< CONNECT\n<= abc\n< +QFTPGET:3\n",
    ),
    (
        Code::BadReply,
        "profile sim800\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,70\n",
        "profile sim800\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,1\n",
    ),
    (
        Code::TransferBroken,
        "profile sim800\n> AT+FTPPUT=2,0\n< OK\n< +FTPPUT: 1,78\n",
        "profile sim800\n> AT+FTPPUT=2,0\n< OK\n< +FTPPUT: 1,0\n",
    ),
    (
        Code::OperationFailed,
        "profile nl668\n> AT+FTPCWD=\"x\"\n< OK\n< +FTPCWD: 0\n",
        "profile nl668\n> AT+FTPCWD=\"x\"\n< OK\n< +FTPCWD: 1\n",
    ),
    (
        Code::HiddenReason,
        "profile sim800\n> AT+FTPGET=1\n< OK\n~ 2s\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,66\n< +FTPGET: 1,63\n",
        "profile sim800\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,63\n~ 2s\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,63\n",
    ),
    (
        Code::HiddenReason,
        "profile sim800\n> AT+FTPGET=1\n< OK\n~ 40s\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,66\n~< 30s\n< +FTPGET: 1,63\n",
        "profile sim800\n> AT+FTPGET=1\n< OK\n~ 40s\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,63\n",
    ),
    (
        Code::HiddenReason,
        "profile sim800\n> AT+FTPPUT=1\n< OK\n~ 2s\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,66\n< +FTPPUT: 1,63\n",
        "profile sim800\n> AT+FTPPUT=1\n< OK\n< +FTPPUT: 1,63\n~ 2s\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,61\n",
    ),
    (
        Code::WrongOrder,
        "profile wipsoft\n> AT+WIPDATA=2,1,1\n< +CME ERROR: 851\n",
        "profile wipsoft\n> AT+WIPDATA=2,1,1\n< CONNECT\n",
    ),
    (
        Code::WrongArgument,
        "profile wipsoft\n> AT+WIPCREATE=9\n< +CME ERROR: 830\n",
        "profile wipsoft\n> AT+WIPCREATE=?\n< OK\n",
    ),
    (
        Code::UnknownCommand,
        "profile sim800\n> AT+QFTPOPEN=\"h\"\n< ERROR\n",
        "profile sim800\n> AT+FTPSERV=\"h\"\n< OK\n",
    ),
    (Code::Refused, "> AT+X\n< +CME ERROR: 9999\n", "> AT+X\n< +X: 9999\n< OK\n"),
    (
        Code::PlainError,
        "profile sim800\n> AT+SAPBR=1,1\n< ERROR\n",
        "profile sim800\n> AT+SAPBR=1,1\n< +CME ERROR: 3\n",
    ),
    (
        Code::NoMemory,
        "profile wipsoft\n> AT+WIPCREATE=1,8,88\n< +CME ERROR: 838\n",
        "profile wipsoft\n> AT+WIPCREATE=1,8,88\n< OK\n",
    ),
    (
        Code::StorageFailed,
        "profile m95\n> AT+QFDEL=\"a\"\n< +CME ERROR: 4010\n",
        "profile m95\n> AT+QFDEL=\"a\"\n< OK\n",
    ),
    (Code::SimMissing, "> AT+CPIN?\n< +CME ERROR: 10\n", "> AT+CPIN?\n< +CPIN: READY\n< OK\n"),
    (
        Code::SimMissing,
        "> AT+CPIN?\n< +CPIN: NOT INSERTED\n< OK\n",
        "> AT+CFUN=0\n< +CPIN: NOT READY\n< OK\n",
    ),
    (Code::SimLocked, "> AT+CPIN?\n< +CPIN: SIM PIN\n< OK\n", "> AT+CPIN=?\n< OK\n"),
    (
        Code::RegistrationLost,
        "> AT+CREG?\n< +CREG: 0,1\n< OK\n~ 9s\n> AT+CREG?\n< +CREG: 0,2\n< OK\n",
        "> AT+CREG?\n< +CREG: 0,2\n< OK\n~ 9s\n> AT+CREG?\n< +CREG: 0,1\n< OK\n",
    ),
    (Code::RegistrationDenied, "> AT+CREG?\n< +CREG: 0,3\n< OK\n", "> AT+CREG?\n< +CREG: 3,1\n< OK\n"),
    (
        Code::NotRegistered,
        "> AT+CREG?\n< +CREG: 0,2\n< OK\n~ 40s\n> AT+CREG?\n< +CREG: 0,2\n< OK\n",
        "> AT+CREG?\n< +CREG: 0,2\n< OK\n~ 9s\n> AT+CREG?\n< +CREG: 0,2\n< OK\n",
    ),
    (Code::Roaming, "> AT+CREG?\n< +CREG: 0,5\n< OK\n", "> AT+CREG?\n< +CREG: 0,1\n< OK\n"),
    (Code::WeakSignal, "> AT+CSQ\n< +CSQ: 3,99\n< OK\n", "> AT+CSQ\n< +CSQ: 13,99\n< OK\n"),
    (
        Code::WrongClock,
        "> AT+CCLK?\n< +CCLK: \"04/01/01,00:00:12+00\"\n< OK\n",
        "> AT+CCLK?\n< +CCLK: \"26/11/28,00:00:12+00\"\n< OK\n",
    ),
    (
        Code::DataShort,
        "profile sim800\n> AT+FTPGET=2,10\n< +FTPGET: 2,10\n<= abcdef\n< OK\n",
        "profile sim800\n> AT+FTPGET=2,10\n< +FTPGET: 2,10\n<= abcdefghij\n< OK\n",
    ),
    (
        Code::DataDoubled,
        "profile sim800\n> AT+FTPGET=2,10\n< +FTPGET: 2,10\n<= abcdefdefghij\n< OK\n",
        "profile sim800\n> AT+FTPGET=2,13\n< +FTPGET: 2,13\n<= abcdefdefghij\n< OK\n",
    ),
    (
        Code::DataOverrun,
        "profile sim800\n> AT+FTPGET=2,10\n< +FTPGET: 2,10\n<= abcdefghijklmn\n< OK\n",
        "profile sim800\n> AT+FTPGET=2,10\n< +FTPGET: 2,10\n< abc\n< defgh\n< OK\n",
    ),
    (
        Code::DataIncomplete,
        "profile m10\n> AT+QFTPGET=\"a\"\n< OK\n< CONNECT\n<= abc\n< +QFTPGET:30\n",
        "profile m10\n> AT+QFTPGET=\"a\"\n< OK\n< CONNECT\n<= abc\n< +QFTPGET:3\n",
    ),
    (
        Code::PayloadShort,
        "profile sim800\n> AT+FTPPUT=2,48\n< +FTPPUT: 2,48\n~ 30s\n> AT\n~ 30s\n> AT\n",
        "profile sim800\n> AT+FTPPUT=2,48\n< +FTPPUT: 2,48\n>= 48 digits\n< OK\n",
    ),
    (
        Code::PayloadEarly,
        "profile sim800\n> AT+FTPPUT=2,48\n>= 48 digits\n< +FTPPUT: 2,48\n< OK\n",
        "profile sim800\n> AT+FTPPUT=2,48\n< +FTPPUT: 2,48\n>= 24 digits\n>= 24 digits\n< OK\n",
    ),
    (
        Code::PromptUnanswered,
        "> AT+CMGS=\"+49\"\n<= \\r\\n>\\x20\n~ 60s\n>= x<SUB>\n< +CMGS: 1\n< OK\n",
        "> AT+CMGS=\"+49\"\n<= \\r\\n>\\x20\n~ 1s\n>= x<SUB>\n~< 5s\n< +CMGS: 1\n< OK\n",
    ),
    (
        Code::DataModeStuck,
        "> ATD*99#\n< CONNECT\n~ 5s\n> AT\n~ 5s\n> AT\n~ 5s\n> AT\n",
        "> ATD*99#\n< CONNECT\n~ 5s\n>= +++\n~< 1s\n< OK\n> AT\n< OK\n",
    ),
    (
        Code::SessionLeftOpen,
        "profile nl668\n> AT+FTPOPEN=\"h\",u,p\n< OK\n< +FTPOPEN: 1\n~ 9s\n> AT+FTPOPEN=\"h\",u,p\n< +CME ERROR: 2017\n",
        "profile nl668\n> AT+FTPOPEN=\"h\",u,p\n< OK\n< +FTPOPEN: 1\n> AT+FTPCLOSE\n< OK\n< +FTPCLOSE: 1\n> AT+FTPOPEN=\"h\",u,p\n< OK\n< +FTPOPEN: 1\n",
    ),
    (
        Code::CarrierLost,
        "> ATD*99#\n< CONNECT\n~< 9s\n< NO CARRIER\n",
        "> ATD*99#\n< CONNECT\n~ 9s\n>= +++\n~< 1s\n< OK\n> ATH\n< OK\n",
    ),
    (Code::CallFailed, "> ATD+49301;\n~< 9s\n< BUSY\n", "> ATD+49301;\n~< 9s\n< OK\n"),
    (
        Code::FlowStopped,
        "> AT\n< OK\n^ CTS off\n~ 20s\n^ CTS on\n",
        "> AT\n< OK\n^ CTS off\n~ 200ms\n^ CTS on\n",
    ),
    (
        Code::Garbage,
        "> AT\n< OK\n<= \\xc0\\x00\\x81\\x02\\xfe\\x07\n",
        "> AT+FTPGET=2,6\n< +FTPGET: 2,6\n<= \\xc0\\x00\\x81\\x02\\xfe\\x07\n< OK\n",
    ),
    (Code::DamagedAnswer, "> AT\n< OKK\n~ 5s\n> AT\n< OK\n", "> ATI\n< OKI\n< OK\n"),
    (Code::DamagedAnswer, "> AT\n< EROR\n~ 5s\n> AT\n< OK\n", "> AT\n< ERROR\n"),
    (Code::ParityDamage, "> AT\n<= \\xcf\\xcb\n", "> AT\n< OK\n"),
    (Code::DamagedAnswer, "> AT\n<= \\r\\nOJ\\x01\\r\\n\n", "> AT\n<= \\r\\nOK\\r\\n\n"),
    (
        Code::HttpFailed,
        "> AT+HTTPACTION=0\n< OK\n~< 2s\n< +HTTPACTION: 0,603,0\n",
        "> AT+HTTPACTION=0\n< OK\n~< 2s\n< +HTTPACTION: 0,200,603\n",
    ),
    (Code::MqttLost, "> AT\n< OK\n< +QMTSTAT: 0,1\n", "> AT+QMTOPEN=0,\"h\",1883\n< OK\n< +QMTOPEN: 0,0\n"),
    (Code::SmsRefused, "> AT+CMGS=\"+49\"\n< +CMS ERROR: 38\n", "> AT+CMGS=\"+49\"\n< +CMGS: 38\n< OK\n"),
];

#[test]
fn each_kind_is_found_and_what_looks_alike_is_not() {
    for (code, with, without) in CASES {
        assert!(codes(with).contains(code), "{code} in\n{with}{:?}", codes(with));
        assert!(!codes(without).contains(code), "{code} in\n{without}");
    }
    let tested = |code: &str| CASES.iter().any(|(c, ..)| c.kind().code == code);
    let untested: Vec<&str> = KINDS.iter().map(|kind| kind.code).filter(|code| !tested(code)).collect();
    assert!(untested.is_empty(), "{untested:?}");
}

#[test]
fn a_clean_session_yields_nothing() {
    let text = "profile sim800\n< RDY\n< +CFUN: 1\n< +CPIN: READY\n~ 2s\n> ATE0\n< OK\n> AT+CMEE=1\n< OK\n\
        > AT+CREG?\n< +CREG: 0,2\n< OK\n~ 3s\n> AT+CREG?\n< +CREG: 0,1\n< OK\n> AT+SAPBR=1,1\n~< 2s\n< OK\n\
        > AT+FTPCID=1\n< OK\n> AT+FTPGET=1\n< OK\n~< 3s\n< +FTPGET: 1,1\n> AT+FTPGET=2,10\n< +FTPGET: 2,10\n\
        <= 0123456789\n< OK\n~< 400ms\n< +FTPGET: 1,0\n< +CMTI: \"SM\",1\n> AT+SAPBR=0,1\n< OK\n\
        > AT+CPOWD=1\n< NORMAL POWER DOWN\n";
    assert_eq!(codes(text), []);
}

#[test]
fn invented_times_and_lost_octets_are_held_against_nobody() {
    let text = "times invented\n> AT+CSQ\n~ 50ms\n> AT+CREG?\n< +CREG: 0,1\n< OK\n";
    assert_eq!(
        codes(text),
        [Code::NoAnswer],
        "it was never answered, and nobody knows how hasty the host was"
    );
    assert!(!found(text)[0].sentence.contains("ms"), "{}", found(text)[0].sentence);
    let late = "times invented\n> AT+CSQ\n~< 50s\n< +CSQ: 20,99\n< OK\n";
    assert_eq!(codes(late), []);
    let short = "profile sim800\nlossy\n> AT+FTPGET=2,100\n< +FTPGET: 2,100\n< some of it\n< OK\n";
    assert_eq!(codes(short), []);
}

#[test]
fn a_finding_has_its_line_and_its_figures() {
    let text = "profile sim800\n> AT+FTPGET=2,10\n< +FTPGET: 2,10\n<= abcdefdefghij\n< OK\n";
    let found = found(text);
    assert_eq!((found.len(), found[0].line), (1, 4));
    assert!(found[0].sentence.contains("from offset 3 on"), "{}", found[0].sentence);
    assert!(found[0].faults[0][0].what.contains("duplicate = 3"), "{:?}", found[0].faults);
}

#[test]
fn power_that_is_lost_in_mid_poll_is_three_rules() {
    let text = "profile sim7080\n> AT+CSQ\n< +CSQ: 20,99\n< OK\n~ 10s\n> AT+CSQ\n< +CSQ: 20,99\n< OK\n~< 2s\n\
        < NORMAL POWER DOWN\n~ 8s\n> AT+CSQ\n~ 30s\n> AT\n~ 1s\n> AT\n~ 1s\n>= +++\n~ 2s\n< RDY\n< +CFUN: 1\n\
        < +CPIN: READY\n< SMS Ready\n> AT\n< OK\n";
    let found = found(text);
    let off = found.iter().find(|f| f.code == Code::PowerOff).expect("it is named");
    let rules: Vec<&str> = off.faults[0].iter().map(|rule| rule.what.as_str()).collect();
    assert_eq!(rules[..2], ["say = \"NORMAL POWER DOWN\"", "deaf = \"up\""]);
    assert!(rules.len() == 3 && rules[2].starts_with("reset = \"banner\", dead = "), "{rules:?}");
    assert!(found.iter().all(|f| f.code != Code::ResetBanner), "the banner is no second failure");
}

#[test]
fn what_is_told_of_the_files_is_what_was_fetched() {
    let text = "profile sim800\n> AT+FTPGETNAME=\"a.txt\"\n< OK\n> AT+FTPGETPATH=\"/d/\"\n< OK\n> AT+FTPGET=1\n< OK\n\
        < +FTPGET: 1,1\n> AT+FTPGET=2,4\n< +FTPGET: 2,4\n<= abcd\n< OK\n> AT+FTPGET=2,4\n< +FTPGET: 2,2\n<= ef\n< OK\n\
        < +FTPGET: 1,0\n";
    let transcript = parse("r.at", text).expect("a transcript");
    let mut diagnosis = Diagnosis::new(Known::of(None), 1, Trust { times: Times::Exact, whole: true });
    transcript.steps.iter().for_each(|step| diagnosis.step(step));
    assert_eq!(diagnosis.stock().toml(), "\"d/a.txt\" = \"abcdef\"\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn nothing_makes_it_panic(lines in prop::collection::vec(
        "(> |< |<= |>= |~< |~ |@2 > )?(AT|AT\\+FTPGET=2,5|\\+FTPGET: 2,5|OK|ERROR|CONNECT|RDY|\\+CREG: 0,[0-9]|\\+CSQ: [0-9,]*|\\+++|5s|\\PC{0,12})",
        0..40,
    )) {
        let mut reader = Reader::new("r.at");
        let mut diagnosis = Diagnosis::new(Known::of(None), 1, Trust { times: Times::Exact, whole: true });
        for line in &lines {
            if let Ok(Some(step)) = reader.line(line) {
                diagnosis.step(&step);
            }
        }
        diagnosis.finish();
        while diagnosis.poll().is_some() {}
    }
}
