"""Tells the network of a modem, and how strong its signal is: `python watch.py /dev/ttyUSB0 [PIN]`."""

import sys
from contextlib import contextmanager

from gsmmodem.modem import GsmModem


@contextmanager
def open_modem(port, pin=None):
    """A modem that has told who it is, and whose SIM is open."""
    modem = GsmModem(port, 115200)
    try:
        modem.connect(pin)
        yield modem
    finally:
        modem.close()


def look(port, pin=None, within=10):
    """The network's name and the signal strength, as soon as there is coverage."""
    with open_modem(port, pin) as modem:
        strength = modem.waitForNetworkCoverage(within)
        return modem.networkName, strength


if __name__ == "__main__":
    print(*look(*sys.argv[1:3]))
