"""What the tests of the package share."""

import os
import time
from typing import Callable, Iterator

import pytest

import badline

pytest_plugins = ["pytester"]


def gone(pid: int) -> bool:
    """Waits a while for the end of a process that is nobody's here."""
    late = time.monotonic() + 10
    while time.monotonic() < late:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                # A zombie has ended: nobody may ever reap it.
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except FileNotFoundError:
            return True
    return False


class Host:
    """A host program of a few lines, at a serial port."""

    def __init__(self, port: str) -> None:
        self._port = os.open(port, os.O_RDWR | os.O_NOCTTY)
        self._heard = b""

    def say(self, line: str) -> None:
        os.write(self._port, line.encode() + b"\r")

    def hear(self, text: str) -> str:
        while text.encode() not in self._heard:
            self._heard += os.read(self._port, 4096)
        heard, self._heard = self._heard, b""
        return heard.decode()

    def ask(self, line: str, until: str = "OK\r\n") -> str:
        self.say(line)
        return self.hear(until)

    def close(self) -> None:
        os.close(self._port)


@pytest.fixture
def modem() -> Iterator[badline.Modem]:
    with badline.Modem("sim7080", seed=7) as modem:
        yield modem


@pytest.fixture
def open_host() -> Iterator[Callable[[str], Host]]:
    hosts = []

    def open_port(port: str) -> Host:
        hosts.append(Host(port))
        return hosts[-1]

    yield open_port
    for host in hosts:
        host.close()
