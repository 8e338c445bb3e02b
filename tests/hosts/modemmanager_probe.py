"""What ModemManager asks a port that may be a modem, and one that is, with pyserial.

ModemManager itself takes no pseudo-terminal, since that has no place in /sys.
"""

import sys

import serial

from modem import Modem

# May be refused; must be answered.
PROBE = ["AT", "AT%IPSYS?", "AT+XACT=?", "AT+WS46=?", "AT+CLCK=?", "AT+CNUM", "AT+CRSM=176,12258,0,0,10"]
# Without these it gives the modem up.
NEEDED = [
    "ATZ",
    "ATE0 V1",
    "AT+CMEE=1",
    "ATX4",
    "AT&C1",
    "AT+GCAP",
    "AT+CGMI",
    "AT+CGMM",
    "AT+CGMR",
    "AT+CGSN",
    "ATI",
    "AT+CPIN?",
    "AT+CFUN?",
    "AT+CFUN=1",
    "AT+IFC=?",
    "AT+CSCS=?",
    "AT+CREG=2",
    "AT+CREG?",
    "AT+CGREG=2",
    "AT+CSQ",
    "AT+COPS=3,2;+COPS?",
    "AT+COPS=3,0;+COPS?",
    "AT+CIMI",
    "AT+CGDCONT=?",
    "AT+CGDCONT?",
    "AT+CGACT?",
]
# Not wipsoft: no OK follows its +CPIN: READY (its guide, section 2.2).
PROFILES = ["sim7080", "sim800", "m10", "m95", "nl668", "wismo228"]


def ask(port, command):
    """All that is heard up to a final result code. AT+CFUN=1 resets a Wavecom: what is typed meanwhile is lost, and
    ModemManager asks again."""
    port.write(command.encode() + b"\r")
    heard = []
    again = True
    while True:
        line = port.readline()
        if not line and again and "+WIND: 16" in heard:
            again = False
            port.write(command.encode() + b"\r")
            continue
        assert line, f"{command}: silence after {heard}"
        heard.append(line.strip().decode("ascii"))
        if heard[-1] == "OK" or "ERROR" in heard[-1]:
            return heard


def main():
    for profile in PROFILES:
        with Modem("--profile", profile) as modem:
            with serial.Serial(modem.ready["port"], 115200, timeout=10) as port:
                port.reset_input_buffer()
                for command in PROBE:
                    ask(port, command)
                refused = [command for command in NEEDED if ask(port, command)[-1] != "OK"]
                assert not refused, f"{profile} refuses {refused}"
        print(f"modemmanager_probe: {profile} answers")


sys.exit(main())
