"""picocom on a terminal, a person's keys typed into it."""

import os
import pty
import select
import subprocess
import sys
import time

from modem import Modem

PATIENCE = 30


def expect(keyboard, wanted):
    """Reads picocom's screen until it shows something."""
    screen, end = b"", time.monotonic() + PATIENCE
    while wanted not in screen:
        left = end - time.monotonic()
        assert left > 0 and select.select([keyboard], [], [], left)[0], f"no {wanted!r} in {screen!r}"
        screen += os.read(keyboard, 4096)
    return screen


def main():
    with Modem() as modem:
        keyboard, screen = pty.openpty()
        command = ["picocom", "--baud", "115200", modem.ready["link"]]
        picocom = subprocess.Popen(command, stdin=screen, stdout=screen, stderr=screen)
        os.close(screen)
        expect(keyboard, b"Terminal ready")
        os.write(keyboard, b"AT\r")
        expect(keyboard, b"OK\r\n")
        os.write(keyboard, b"ati\r")
        expect(keyboard, b"SIM7080G R1951.08\r\n\r\nOK\r\n")
        os.write(keyboard, b"\x01\x18")
        expect(keyboard, b"Thanks for using picocom")
        assert picocom.wait(timeout=PATIENCE) == 0
        print("picocom_session: typed, answered, left")


sys.exit(main())
