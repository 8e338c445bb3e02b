"""What can be done with a modem that runs: the requests of its control socket."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from typing import Any, Callable, Iterator, List, Mapping, NoReturn, Optional, Union

from . import _requests as requests
from ._answers import Answer, Coverage, FaultStatus, Record, Status, Verdict
from ._connection import Connection, Gone
from ._errors import Ended, Error, Refused, Timeout, Unmet
from ._process import StrPath
from ._requests import Match, Wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Type

    from ._requests import Duration


class Fault:
    """A fault that was injected."""

    def __init__(self, control: "Control", answer: Answer) -> None:
        self._control = control
        self.name: str = answer["name"]
        """Its name, by which it is lifted."""
        self.note: Optional[str] = answer.get("note")
        """What it could not do as things stand."""

    def lift(self) -> None:
        """Ends it, and disarms it."""
        self._control.lift(self.name)

    def status(self) -> Optional[FaultStatus]:
        """How it stands; None where it is no more."""
        return next((one for one in self._control.faults() if one.name == self.name), None)

    def __repr__(self) -> str:
        return f"<Fault {self.name}>"


class Trace(Iterator[Record]):
    """The records of the trace that match, as they come. It ends with the modem; one that has died is `Ended`.

    What happens between its beginning and the first look at it is not lost.
    """

    def __init__(self, control: "Control", match: Match, since: Optional[int], timeout: Optional[float]) -> None:
        self._control = control
        self._match = match
        self._timeout = timeout
        self._last = 0
        self._connection = self._open(since)

    def _open(self, since: Optional[int]) -> Connection:
        self._new = True
        connection = self._control._connect()
        # A gap is told by a note.
        events = {*self._match.events, "note"} if self._match.events else ()
        try:
            connection.ask(requests.follow(sorted(events), since), self._control.patience)
        except BaseException:
            connection.close()
            raise
        return connection

    def __iter__(self) -> "Trace":
        return self

    def __next__(self) -> Record:
        try:
            return self.next(self._timeout)
        except Ended as e:
            if e.status:
                raise
            raise StopIteration from None

    def next(self, timeout: Optional[float] = None) -> Record:
        """The next record that matches; `Timeout` where none comes within so many seconds, `Ended` behind the last."""
        return self.wait_for(timeout=timeout)

    def wait_for(
        self,
        *events: str,
        timeout: Optional[float] = 10.0,
        where: Optional[Callable[[Record], object]] = None,
        **keys: Wanted,
    ) -> Record:
        """The next record that is of one of `events`, and matches. Those before it are passed over."""
        match = Match(events, where, keys)
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            record = self._record(deadline, match if events or where or keys else self._match, timeout)
            of_event = not events or record.event in events
            if of_event and match(record):
                return record

    def _record(self, deadline: Optional[float], match: Match, timeout: Optional[float]) -> Record:
        while True:
            try:
                line = self._connection.line(deadline)
            except Timeout:
                raise Timeout(f"no {match} within {timeout:g} s{self._control._last_lines()}") from None
            except (Gone, OSError) as e:
                self._control._gone(e)
            if "event" not in line:
                continue
            record = Record(line)
            if record.number == 0 and self._last and not self._new:
                # They came faster than they were read: the modem has kept them.
                self._connection.close()
                self._connection = self._open(self._last)
                continue
            self._new = False
            self._last = record.number or self._last
            if (not self._match.events or record.event in self._match.events) and self._match(record):
                return record

    def close(self) -> None:
        """Follows no more."""
        self._connection.close()

    def __enter__(self) -> "Trace":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Control:
    """A modem that runs, by the address of its control socket. Several threads may use it at once."""

    patience = 10.0
    """How many seconds an answer may take that needs no time on the modem's clock."""

    def __init__(self, address: str, key: Optional[str] = None) -> None:
        self._address = address
        self._key = key
        self._asking = threading.Lock()
        self._connection: Optional[Connection] = None
        self._waited_for = 0

    # What is asked.

    def request(self, do: str, **keys: Any) -> Answer:
        """Any request of the control socket, and its answer: `badline schema control` has all."""
        return self._ask({"do": do, **{requests.word(key): value for key, value in keys.items()}})

    def status(self) -> Status:
        """How the module stands."""
        return Status(self._ask({"do": "status"}))

    def faults(self) -> List[FaultStatus]:
        """How each fault stands, in the order in which they have their say."""
        return [FaultStatus(one) for one in self._ask({"do": "faults"})["faults"]]

    def inject(
        self,
        fault: Union[str, Mapping[str, Any], None] = None,
        /,
        *,
        name: Optional[str] = None,
        when: Optional[Mapping[str, Any]] = None,
        for_: "Optional[Duration]" = None,
        until: Optional[Mapping[str, Any]] = None,
        **what: Any,
    ) -> Fault:
        """Applies a fault: `inject(stall="down", for_="20s")`, or when its trigger comes: `when={"verb": "RETR"}`.

        A string is the name of a fault that is there, which is applied now, whatever it waits for. A mapping is a `[[fault]]` as
        in a scenario.
        """
        return Fault(self, self._ask(requests.inject(fault, name, when, for_, until, what)))

    @contextmanager
    def fault(
        self,
        fault: Union[str, Mapping[str, Any], None] = None,
        /,
        *,
        name: Optional[str] = None,
        when: Optional[Mapping[str, Any]] = None,
        for_: "Optional[Duration]" = None,
        until: Optional[Mapping[str, Any]] = None,
        **what: Any,
    ) -> Iterator[Fault]:
        """The same for as long as a block lasts: `with modem.fault(signal=2):`."""
        injected = Fault(self, self._ask(requests.inject(fault, name, when, for_, until, what)))
        try:
            yield injected
        except BaseException:
            try:
                self.lift(injected.name)
            except Error:
                pass  # What went wrong first is what is told.
            raise
        try:
            self.lift(injected.name)
        except Refused:
            # It may be over, and gone.
            if injected.status() is not None:
                raise

    def lift(self, name: Optional[str] = None) -> None:
        """Ends a fault and disarms it; all of them without a name."""
        self._ask(requests.lift(name))

    def pause(self) -> float:
        """Has the modem's clock stand: what the host sends waits. Gives its time, in seconds since power-on."""
        return float(self._ask({"do": "pause"})["t"] / 1e6)

    def step(self, duration: "Duration", timeout: Optional[float] = None) -> float:
        """Turns the clock on by so much at once, and has it stand there. Gives its time, in seconds since power-on."""
        # Others can ask meanwhile.
        connection = self._connect()
        try:
            return float(connection.ask({"do": "step", "for": requests.span(duration)}, timeout)["t"] / 1e6)
        except Timeout:
            raise Timeout(f"the step of {duration} was not done within {timeout:g} s") from None
        except Gone as e:
            self._gone(e)
        finally:
            connection.close()

    def speed(self, times: Optional[int] = None) -> None:
        """Has the clock run, so many times faster than real time; without a number as before."""
        self._ask(requests.speed(times))

    def type(self, line: str) -> int:
        """Types a line on a port of the modem's own; gives its number. What is said there is in the trace."""
        return int(self._ask({"do": "type", "line": line})["port"])

    def verdict(self) -> Verdict:
        """How the run has fared so far, in the words of `badline exec`."""
        return Verdict(self._ask({"do": "verdict"}))

    def coverage(self) -> Coverage:
        """What the host has used of the module."""
        return self.verdict().coverage

    def assert_passed(self) -> None:
        """Raises `Unmet`, with the explanation, where an expectation is not met or the host has not opened the port."""
        verdict = self.verdict()
        if not verdict.passed:
            raise Unmet(str(verdict))

    def scenario(self) -> str:
        """What was done by hand, as a scenario that does it again (TOML)."""
        return str(self._ask({"do": "save", "as": "scenario"})["text"])

    def recording(self) -> str:
        """What crossed the serial line so far, as a recording."""
        return str(self._ask({"do": "save", "as": "recording"})["text"])

    def save(self, file: StrPath) -> None:
        """Writes one of both to a new file: `FILE.toml` is a scenario, `FILE.at` a recording."""
        path = os.fspath(file)
        text = self._ask({"do": "save", "as": requests.kind_of(path)})["text"]
        with open(path, "x", encoding="utf-8") as new:
            new.write(text)

    # What happens.

    def trace(
        self,
        *events: str,
        since: Union[int, Record, None] = None,
        timeout: Optional[float] = None,
        where: Optional[Callable[[Record], object]] = None,
        **keys: Wanted,
    ) -> Trace:
        """The records of the trace from here on, as they come: those of `events` whose keys are as wanted.

        In text `*` is anything. `since` has those come first that have been: behind a record, or its number; 0 is from the
        beginning. `timeout` is how many seconds the next may take. It ends with the modem.
        """
        return Trace(self, Match(events, where, keys), requests.number(since), timeout)

    def history(
        self, *events: str, where: Optional[Callable[[Record], object]] = None, **keys: Wanted
    ) -> List[Record]:
        """The records that have been, as far as the modem keeps them (8 MiB)."""
        match = Match(events, where, keys)
        records: List[Record] = []
        connection = self._connect()
        try:
            connection.ask(requests.follow(events, 0), self.patience)
            end = connection.send({"do": "faults"})
            while True:
                line = connection.line(time.monotonic() + self.patience)
                if line.get("id") == end:
                    return records
                if "event" in line and match(Record(line)):
                    records.append(Record(line))
        except Gone as e:
            self._gone(e)
        finally:
            connection.close()

    def wait_for(
        self,
        *events: str,
        timeout: Optional[float] = 10.0,
        since: Union[int, Record, None] = None,
        where: Optional[Callable[[Record], object]] = None,
        **keys: Wanted,
    ) -> Record:
        """Waits for a record: the next one that matches, behind the one that was waited for last.

        So nothing is missed that happens between two waits, and nothing is taken twice. `since` has it look from another place
        on: a record, a number, or 0, the beginning. `timeout` is in seconds of real time. Threads that wait at once take a
        `trace` each.
        """
        start = self._waited_for if since is None else requests.number(since)
        with Trace(self, Match(events, where, keys), start, None) as trace:
            record = trace.next(timeout)
        self._waited_for = max(self._waited_for, record.number)
        return record

    # How it is reached.

    def close(self) -> None:
        """Lets go of it."""
        with self._asking:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __enter__(self) -> "Control":
        return self

    def __exit__(
        self, kind: "Optional[Type[BaseException]]", error: Optional[BaseException], at: "Optional[TracebackType]"
    ) -> None:
        self.close()

    def _connect(self) -> Connection:
        try:
            return Connection(self._address, self._key, self.patience)
        except Gone as e:
            self._gone(e)

    def _ask(self, request: "requests.Request") -> Answer:
        with self._asking:
            if self._connection is None or self._connection.process != os.getpid():
                # Who forks this process has a connection of its own.
                self._connection = self._connect()
            try:
                return self._connection.ask(request, self.patience)
            except (Gone, Timeout) as e:
                # What comes too late answers nothing else.
                self._connection.close()
                self._connection = None
                if isinstance(e, Timeout):
                    raise Timeout(f"no answer to {request['do']!r} within {self.patience:g} s") from None
                self._gone(e)

    def _gone(self, why: Exception) -> NoReturn:
        __tracebackhide__ = True
        raise Ended(f"the modem runs no more: {why}")

    def _last_lines(self, most: int = 8) -> str:
        """The last of the trace, for a message."""
        try:
            lines = self.verdict().explanation[-most:]
        except Error:
            return ""
        return "".join(["; the last of the trace:", *(f"\n  {line}" for line in lines)]) if lines else ""
