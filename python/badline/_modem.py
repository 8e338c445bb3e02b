"""A modem in a process of its own."""

from __future__ import annotations

import weakref
from typing import Any, Dict, List, NoReturn, Optional

from ._control import Control
from ._errors import Ended
from ._process import Options, Process, StrPath

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self, Unpack


class Started:
    """What a modem of a process of its own is, before anything is asked of it."""

    _process: Process

    @property
    def ready(self) -> Dict[str, Any]:
        """All that the ready line told."""
        return self._process.ready

    @property
    def profile(self) -> str:
        """The module."""
        return str(self.ready["modem"])

    @property
    def port(self) -> str:
        """The path of the first serial port. It stays the same when the port vanishes and comes back."""
        return self.ports[0]

    @property
    def ports(self) -> List[str]:
        """The paths of all serial ports."""
        return list(self.ready["links"])

    @property
    def root(self) -> "Path":
        """The folder of the built-in server: what the host uploads is there, what is there it can fetch."""
        from pathlib import Path

        return Path(self.ready["ftp_root"])

    @property
    def ftp(self) -> str:
        """Where the FTP server listens: `127.0.0.1:40211`."""
        return str(self.ready["ftp"])

    @property
    def tcp(self) -> Optional[str]:
        """Where the first port is served over TCP, if it is."""
        return self.ready.get("tcp")

    @property
    def http(self) -> Optional[str]:
        """The address of the page, with its key, if there is one."""
        return self.ready.get("http")

    @property
    def address(self) -> str:
        """The address of the control socket: `badline ctl --modem` takes it."""
        return str(self.ready["control"])

    @property
    def seed(self) -> int:
        """The seed: with it the same happens again."""
        return int(self.ready["seed"])

    @property
    def pid(self) -> int:
        """The process."""
        return int(self.ready["pid"])

    @property
    def environment(self) -> Dict[str, str]:
        """What `badline exec` gives a host in its environment, for a host that is a program."""
        told = {f"BADLINE_PORT_{n}" if n > 1 else "BADLINE_PORT": port for n, port in enumerate(self.ports, 1)}
        told.update(BADLINE_FTP=self.ftp, BADLINE_FTP_ROOT=self.ready["ftp_root"], BADLINE_SEED=str(self.seed))
        told["BADLINE_CONTROL"] = self.address
        if "control_key" in self.ready:
            told["BADLINE_CONTROL_KEY"] = self.ready["control_key"]
        return told

    @property
    def exit_status(self) -> Optional[int]:
        """How its process ended, as `subprocess` has it; None while it runs."""
        return self._process.status

    def log(self) -> str:
        """What it has said on standard error: warnings, faults that were applied, commands that it does not know."""
        return self._process.log()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.profile} on {self.port}>"

    def _ended(self, why: Exception) -> Ended:
        status = self._process.ended()
        if status is None:
            return Ended(f"the modem answers no more: {why}")
        how = f"signal {-status} ended it" if status < 0 else f"it ended with status {status}"
        return Ended(f"the modem runs no more: {how}", status, self._process.log())


class Modem(Started, Control):
    """A modem in a process of its own, from here to the end of the block, or `close`.

        with badline.Modem("sim7080", files={"hello.txt": "hello"}) as modem:
            my_host(modem.port)

    `profile` is a name from `badline list profiles` or a TOML file; the scenario's where none is given, else a SIM7080. The
    options are those of `Options`. The process ends with this one, also where that is killed.
    """

    def __init__(self, profile: Optional[StrPath] = None, **options: "Unpack[Options]") -> None:
        self._process = Process(profile, options)
        self._end = weakref.finalize(self, self._process.end)
        Control.__init__(self, self.ready["control"], self.ready.get("control_key"))

    def close(self) -> None:
        """Ends it. Its trace and its capture are whole then."""
        Control.close(self)
        self._end()

    def __enter__(self) -> "Self":
        return self

    def _gone(self, why: Exception) -> NoReturn:
        __tracebackhide__ = True
        raise self._ended(why) from None
