//! The formats, one file each, and the table of them.

mod arduino;
mod arrows;
mod chat;
mod cmd_handler;
mod command_lib;
mod esp_modem;
mod ewf;
mod gammu;
mod harvest;
mod interceptty;
mod jpnevulator;
mod logic;
mod mbed;
mod modem_chat;
mod modemmanager;
mod pasted;
mod pcapng;
mod putty;
mod pyserial;
mod rtt;
mod script;
mod slsnif;
mod socat;
mod sscom;
mod strace;
mod tagged;
mod terminal;
mod tio;
mod trace;
mod umockdev;
mod usbmon;

pub use script::{Timing, is_timing, timing};

use super::event::Sink;
use super::lines::Line;

/// A reader of one format. It meets the lines of a log twice.
pub trait Format {
    /// Looks at a line in the first pass: whether it is one that this format knows.
    fn look(&mut self, line: &Line) -> bool;

    /// After the first pass: how many lines this format knows, where it saw `seen` at first sight.
    fn fits(&mut self, seen: u64) -> u64 {
        seen
    }

    /// Between the passes.
    fn begin(&mut self) {}

    /// The times stand in a second file.
    fn time_by(&mut self, _timing: Timing) {}

    /// Whether characters of the line are lost in this log; `usually` they are in this format, or not.
    fn is_lossy(&self, usually: bool) -> bool {
        usually
    }

    /// Reads a line in the second pass. A line of which it says nothing is unplaced.
    fn read(&mut self, line: &Line, to: &mut Sink);

    /// The log is over.
    fn end(&mut self, _to: &mut Sink) {}
}

/// A format that is known.
#[derive(Debug)]
pub struct Kind {
    /// What `--format` calls it.
    pub name: &'static str,
    /// What writes it.
    pub about: &'static str,
    /// What tells the host's bytes from the module's.
    pub direction: &'static str,
    /// What times it has.
    pub times: &'static str,
    /// Whether it loses characters of the line.
    pub lossy: bool,
    /// A reader.
    pub make: fn() -> Box<dyn Format>,
}

const fn kind(
    [name, about, direction, times]: [&'static str; 4],
    lossy: bool,
    make: fn() -> Box<dyn Format>,
) -> Kind {
    Kind { name, about, direction, times, lossy, make }
}

/// Where two know as many lines of a log, the first is taken.
pub const FORMATS: &[Kind] = &[
    kind(["trace", "Badline's own trace (JSON Lines)", "marked", "microseconds"], false, trace::make),
    kind(
        [
            "pcapng",
            "pcapng and pcap of a USB or a serial interface, and Badline's own",
            "marked",
            "microseconds",
        ],
        false,
        pcapng::make,
    ),
    kind(["pyserial", "pyserial's `spy://`", "marked", "milliseconds"], false, pyserial::make),
    kind(["socat", "`socat -x -v`, `-x` or `-v`", "marked", "microseconds"], false, socat::make),
    kind(
        ["strace", "`strace -f -tt -e read,write -s 9999`", "the call", "microseconds"],
        false,
        strace::make,
    ),
    kind(["umockdev", "`umockdev-record --script`", "marked", "milliseconds"], false, umockdev::make),
    kind(
        [
            "jpnevulator",
            "`jpnevulator --timing-print --ascii`",
            "two devices, or the echo",
            "microseconds, a burst",
        ],
        false,
        jpnevulator::make,
    ),
    kind(
        ["usbmon", "usbmon's text (`cat /sys/kernel/debug/usb/usbmon/1u`)", "marked", "microseconds"],
        false,
        usbmon::make,
    ),
    kind(
        ["interceptty", "interceptty: `> 0x41 (A)`, an octet a line", "marked", "none"],
        false,
        interceptty::make,
    ),
    kind(["slsnif", "slsnif: `Host --> A(65)`", "marked", "none"], false, slsnif::make),
    kind(
        [
            "logic",
            "octets that a logic analyser decoded, as CSV (Saleae) or `uart-1: 41` (sigrok)",
            "two channels",
            "where there are any",
        ],
        false,
        logic::make,
    ),
    kind(
        ["gammu", "gammu and gammu-smsd with a debug level of `textall`", "marked", "seconds"],
        false,
        gammu::make,
    ),
    kind(
        ["modemmanager", "`ModemManager --debug`, in a journal or without", "marked", "the journal's"],
        false,
        modemmanager::make,
    ),
    kind(["mbed", "ATHandler of Mbed OS", "marked", "milliseconds"], false, mbed::make),
    kind(["ewf", "Azure embedded-wireless-framework", "marked", "none"], false, ewf::make),
    kind(
        ["esp-modem", "hexadecimal dumps of ESP-IDF's esp_modem", "marked", "milliseconds"],
        false,
        esp_modem::make,
    ),
    kind(
        ["command-lib", "`command_lib` of ESP-IDF's esp_modem", "marked", "milliseconds"],
        true,
        command_lib::make,
    ),
    kind(
        ["cmd-handler", "`modem_cmd_handler` of Zephyr, hexadecimal dumps", "marked", "microseconds"],
        true,
        cmd_handler::make,
    ),
    kind(
        ["modem-chat", "`modem_chat` of Zephyr; blanks stand for commas", "marked", "microseconds"],
        true,
        modem_chat::make,
    ),
    kind(["chat", "`chat -v` of pppd", "marked", "seconds"], true, chat::make),
    kind(["sscom", "SSCOM, UTF-8 or GBK", "marked", "milliseconds, a chunk"], true, sscom::make),
    kind(
        [
            "rtt",
            "`>>>` and `<<<` in a firmware's log, often behind RTT's `00> `",
            "marked",
            "where there are any",
        ],
        true,
        rtt::make,
    ),
    kind(
        [
            "arrows",
            "`<-` and `->`, `TX` and `RX`, `send` and `recv` before a line, also behind a logger's tags",
            "marked",
            "where there are any",
        ],
        true,
        arrows::make,
    ),
    kind(
        ["harvest", "`### COMMAND [803 ms]`, the answer, `---`", "a block", "milliseconds"],
        true,
        harvest::make,
    ),
    kind(["putty", "PuTTY, all session output", "the echo", "a session"], true, putty::make),
    kind(
        ["script", "`script`, and `script -T` with its second file", "the echo", "with the second file"],
        false,
        script::make,
    ),
    kind(["tio", "`tio -t -l`, text or hexadecimal", "the echo", "milliseconds, a line"], false, tio::make),
    kind(
        ["arduino", "the Arduino IDE's monitor with times", "the echo", "milliseconds, a line"],
        true,
        arduino::make,
    ),
    kind(
        [
            "tagged",
            "a program's log with a tag before each line, `modem1: AT+CSQ`, and no marks",
            "the echo",
            "where there are any",
        ],
        true,
        tagged::make,
    ),
    kind(["terminal", "what picocom, minicom or `cat` received", "the echo", "none"], false, terminal::make),
    kind(["pasted", "plain lines, as they are pasted in an issue", "the echo", "none"], true, pasted::make),
];

/// The format of a name.
///
/// # Errors
/// What would be right.
pub fn named(name: &str) -> Result<&'static Kind, String> {
    FORMATS.iter().find(|kind| kind.name == name).ok_or_else(|| {
        let names: Vec<&str> = FORMATS.iter().map(|kind| kind.name).collect();
        crate::words::suggest(name, &names, "formats")
    })
}
