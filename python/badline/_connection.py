"""A connection to a control socket."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, Optional, Tuple, Union

from ._answers import Answer
from ._errors import Refused, Timeout


class Gone(Exception):
    """The connection has ended."""


def address_of(text: str) -> Union[str, Tuple[str, int]]:
    """The path of a Unix socket, or a host and its port."""
    host, _, port = text.rpartition(":")
    if "/" in text or not port.isdigit():
        return text
    return host.strip("[]"), int(port)


def answered(line: bytes) -> Answer:
    """A line that came: an answer, or a record."""
    import json

    return Answer(json.loads(line))


def worth(answer: Answer) -> Answer:
    """An answer to a request that was done."""
    if not answer["ok"]:
        raise Refused(str(answer.get("error")), answer.get("right"))
    return Answer({key: value for key, value in answer.items() if key not in ("ok", "id")})


class Connection:
    """A connection, over which one thread speaks at a time."""

    def __init__(self, address: str, key: Optional[str], patience: float) -> None:
        self.process = os.getpid()
        self._key = key
        self._read = bytearray()
        self._number = 0
        import socket

        place = address_of(address)
        try:
            if isinstance(place, str):
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                self._socket.settimeout(patience)
                self._socket.connect(place)
            else:
                self._socket = socket.create_connection(place, patience)
        except OSError as e:
            raise Gone(f"the control socket {address}: {e.strerror or e}") from None

    def send(self, request: Dict[str, Any]) -> int:
        """Asks; gives the number that the answer bears."""
        import json

        self._number += 1
        key = {"key": self._key} if self._key is not None else {}
        self._key = None
        try:
            self._socket.settimeout(10)
            self._socket.sendall(json.dumps({**request, **key, "id": self._number}).encode() + b"\n")
        except OSError as e:
            raise Gone(str(e.strerror or e)) from None
        return self._number

    def line(self, deadline: Optional[float]) -> Answer:
        """The next line, until `deadline` on the clock `time.monotonic`."""
        searched = 0
        while True:
            end = self._read.find(b"\n", searched)
            if end >= 0:
                line = bytes(self._read[:end])
                del self._read[: end + 1]
                return answered(line)
            searched = len(self._read)
            left = None if deadline is None else deadline - time.monotonic()
            try:
                # A time-out of 0 would have it not wait at all, and say so in another way.
                self._socket.settimeout(left if left is None else max(left, 1e-6))
                read = self._socket.recv(1 << 16)
            except OSError as e:
                # Its own class, before Python 3.10.
                if type(e).__name__ in ("timeout", "TimeoutError"):
                    raise Timeout("no answer in time") from None
                raise Gone(str(e.strerror or e)) from None
            if not read:
                raise Gone("the connection has ended")
            self._read += read

    def ask(self, request: Dict[str, Any], patience: Optional[float]) -> Answer:
        """Asks, and gives the answer."""
        number = self.send(request)
        deadline = None if patience is None else time.monotonic() + patience
        while True:
            answer = self.line(deadline)
            # What refuses a connection answers no request.
            if "ok" in answer and answer.get("id", number) == number:
                return worth(answer)

    def close(self) -> None:
        """Ends it."""
        self._socket.close()
