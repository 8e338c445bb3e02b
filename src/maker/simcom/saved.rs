//! `AT+FTPSCONT`: the FTP settings kept in the flash ("SIM800 Series_AT Command Manual" V1.09).

use super::{Parameters, Simcom};
use crate::at::{Arguments, FromArg};
use crate::modem::{Cx, Reply};
use std::collections::BTreeMap;
use std::fmt::Display;

/// The flash's key.
const KEY: &str = "FTPSCONT";

/// A setting, whatever its type.
trait Setting {
    /// As `AT+X?` prints it.
    fn show(&self) -> String;
    /// Takes a value that was printed so; anything else leaves it as it is.
    fn take(&mut self, shown: &str);
}

impl<T: FromArg + Display> Setting for T {
    fn show(&self) -> String {
        self.to_string()
    }

    fn take(&mut self, shown: &str) {
        if let Ok(typed) = Arguments::parse(shown)
            && let Ok(value) = T::from_arg(typed.0.first())
        {
            *self = value;
        }
    }
}

impl Parameters {
    /// In the order of `AT+FTPSCONT?`.
    fn all(&mut self) -> [(&'static str, &mut dyn Setting); 13] {
        [
            ("+FTPSERV", &mut self.server),
            ("+FTPPORT", &mut self.port),
            ("+FTPUN", &mut self.user),
            ("+FTPPW", &mut self.password),
            ("+FTPCID", &mut self.cid),
            ("+FTPMODE", &mut self.mode),
            ("+FTPTYPE", &mut self.file_type),
            ("+FTPPUTOPT", &mut self.put_option),
            ("+FTPREST", &mut self.rest),
            ("+FTPGETNAME", &mut self.get_name),
            ("+FTPGETPATH", &mut self.get_path),
            ("+FTPPUTNAME", &mut self.put_name),
            ("+FTPPUTPATH", &mut self.put_path),
        ]
    }

    fn shown(&mut self) -> BTreeMap<String, String> {
        self.all().into_iter().map(|(name, setting)| (name.to_string(), setting.show())).collect()
    }
}

fn saved(cx: &Cx) -> Option<BTreeMap<String, String>> {
    serde_json::from_str(cx.lasting.flash.get(KEY)?).ok()
}

/// `AT+FTPSCONT`
pub(super) fn save(m: &mut Simcom, cx: &mut Cx) -> Reply {
    match serde_json::to_string(&m.ftp.shown()) {
        Ok(text) => {
            cx.lasting.flash.insert(KEY.into(), text);
            Reply::Ok
        }
        Err(_) => Reply::Error,
    }
}

/// `AT+FTPSCONT?`: 0 where what follows is saved, 1 where it is not, and the settings as they are.
pub(super) fn read(m: &mut Simcom, cx: &mut Cx) -> Reply {
    let mode = u8::from(saved(cx) != Some(m.ftp.shown()));
    cx.info(mode);
    for (name, setting) in m.ftp.all() {
        Cx { core: cx.core, port: cx.port, name }.info(setting.show());
    }
    // 12.2.16 prints it, and no command sets it: the server's time.
    let patience = m.settings.server_timeout.0.as_secs();
    Cx { core: cx.core, port: cx.port, name: "+FTPTIMEOUT" }.info(patience);
    Reply::Ok
}

/// The module has started.
pub(super) fn load(m: &mut Simcom, cx: &Cx) {
    let saved = saved(cx).unwrap_or_default();
    for (name, setting) in m.ftp.all() {
        if let Some(shown) = saved.get(name) {
            setting.take(shown);
        }
    }
}
