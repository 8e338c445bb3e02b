//! The settings of a terminal, which its host makes.

use super::*;
use crate::modem::Level;

#[test]
fn the_hosts_settings_are_followed() -> Outcome {
    run(async {
        let mut port = Port::pty()?;
        let file = host(&port)?;
        expect(&mut port, PortEvent::HostOpened).await;
        let mut termios = tcgetattr(&file)?;
        assert_eq!(termios.output_speed(), 115_200);
        for baud in [9600, 921_600, 123_456] {
            termios.set_speed(baud)?;
            tcsetattr(&file, OptionalActions::Now, &termios)?;
            expect(&mut port, PortEvent::Baud(baud)).await;
        }
        termios.control_modes |= ControlModes::CRTSCTS;
        tcsetattr(&file, OptionalActions::Now, &termios)?;
        expect(&mut port, PortEvent::FlowControl { rtscts: true, xon: false }).await;
        termios.set_speed(0)?;
        tcsetattr(&file, OptionalActions::Now, &termios)?;
        expect(&mut port, PortEvent::Dtr(Level::Off)).await;
        termios.set_speed(9600)?;
        tcsetattr(&file, OptionalActions::Now, &termios)?;
        expect(&mut port, PortEvent::Dtr(Level::On)).await;
        expect(&mut port, PortEvent::Baud(9600)).await;
        drop(file);
        expect(&mut port, PortEvent::HostClosed).await;
        let file = host(&port)?;
        expect(&mut port, PortEvent::HostOpened).await;
        assert_eq!(tcgetattr(&file)?.output_speed(), 9600, "stty by another program lasts");
        Ok(())
    })
}

#[test]
fn the_rate_is_known_before_the_bytes_sent_at_it() -> Outcome {
    run(async {
        let mut port = Port::pty()?;
        let mut file = host(&port)?;
        let mut termios = tcgetattr(&file)?;
        termios.set_speed(57_600)?;
        tcsetattr(&file, OptionalActions::Now, &termios)?;
        file.write_all(b"AT\r")?;
        expect(&mut port, PortEvent::HostOpened).await;
        expect(&mut port, PortEvent::Baud(57_600)).await;
        expect_bytes(&mut port, b"AT\r").await;
        Ok(())
    })
}
