"""The same modem for asyncio: what waits is a coroutine.

    async with badline.aio.Modem("sim7080") as modem:
        async with modem.fault(signal=2):
            await modem.wait_for("urc", line="+CREG: 2")
        async for record in modem.trace("command_line"):
            print(record.line)
"""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, Awaitable, Callable, List, Mapping, NoReturn, Optional, TypeVar, Union

from . import _requests as requests
from ._answers import Answer, Coverage, FaultStatus, Record, Status, Verdict
from ._connection import Gone, address_of, answered, worth
from ._errors import Ended, Error, Refused, Timeout, Unmet
from ._modem import Started
from ._process import Options, Process, StrPath
from ._requests import Match, Wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from ._requests import Duration

__all__ = ["Control", "Fault", "Modem", "Trace"]

_Value = TypeVar("_Value")

_LONGEST = 32 << 20
"""How long a line may be: `save` gives a whole session in one."""


class _Connection:
    """A connection, over which one task speaks at a time."""

    def __init__(self, input: asyncio.StreamReader, output: asyncio.StreamWriter, key: Optional[str]) -> None:
        self._input = input
        self._output = output
        self._key = key
        self._number = 0

    @classmethod
    async def open(cls, address: str, key: Optional[str]) -> "_Connection":
        place = address_of(address)
        try:
            if isinstance(place, str):
                input, output = await asyncio.open_unix_connection(place, limit=_LONGEST)
            else:
                input, output = await asyncio.open_connection(*place, limit=_LONGEST)
        except OSError as e:
            raise Gone(f"the control socket {address}: {e.strerror or e}") from None
        return cls(input, output, key)

    async def send(self, request: Mapping[str, Any]) -> int:
        self._number += 1
        key = {"key": self._key} if self._key is not None else {}
        self._key = None
        try:
            self._output.write(json.dumps({**request, **key, "id": self._number}).encode() + b"\n")
            await self._output.drain()
        except OSError as e:
            raise Gone(str(e.strerror or e)) from None
        return self._number

    async def line(self) -> Answer:
        try:
            line = await self._input.readline()
        except (OSError, ValueError) as e:
            raise Gone(str(e)) from None
        if not line.endswith(b"\n"):
            raise Gone("the connection has ended")
        return answered(line)

    async def ask(self, request: Mapping[str, Any]) -> Answer:
        number = await self.send(request)
        while True:
            answer = await self.line()
            if "ok" in answer and answer.get("id", number) == number:
                return worth(answer)

    def close(self) -> None:
        self._output.close()


class Fault:
    """A fault that was injected."""

    def __init__(self, control: "Control", answer: Answer) -> None:
        self._control = control
        self.name: str = answer["name"]
        """Its name, by which it is lifted."""
        self.note: Optional[str] = answer.get("note")
        """What it could not do as things stand."""

    async def lift(self) -> None:
        """Ends it, and disarms it."""
        await self._control.lift(self.name)

    async def status(self) -> Optional[FaultStatus]:
        """How it stands; None where it is no more."""
        return next((one for one in await self._control.faults() if one.name == self.name), None)

    def __repr__(self) -> str:
        return f"<Fault {self.name}>"


class Trace:
    """The records of the trace that match, as they come. It ends with the modem; one that has died is `Ended`.

    It begins where it is first waited for, or with `async with`: what happens from there on is not lost.
    """

    def __init__(self, control: "Control", match: Match, since: Optional[int], timeout: Optional[float]) -> None:
        self._control = control
        self._match = match
        self._timeout = timeout
        self._since = since
        self._last = 0
        self._new = True
        self._connection: Optional[_Connection] = None

    async def _open(self) -> _Connection:
        if self._connection is None:
            self._new = True
            connection = await self._control._connect()
            # A gap is told by a note.
            events = {*self._match.events, "note"} if self._match.events else ()
            try:
                await self._control._within(connection.ask(requests.follow(sorted(events), self._since)), "follow")
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def __aiter__(self) -> "Trace":
        return self

    async def __anext__(self) -> Record:
        try:
            return await self.next(self._timeout)
        except Ended as e:
            if e.status:
                raise
            raise StopAsyncIteration from None

    async def next(self, timeout: Optional[float] = None) -> Record:
        """The next record that matches; `Timeout` where none comes within so many seconds, `Ended` behind the last."""
        return await self.wait_for(timeout=timeout)

    async def wait_for(
        self,
        *events: str,
        timeout: Optional[float] = 10.0,
        where: Optional[Callable[[Record], object]] = None,
        **keys: Wanted,
    ) -> Record:
        """The next record that is of one of `events`, and matches. Those before it are passed over."""
        match = Match(events, where, keys)
        try:
            return await asyncio.wait_for(self._matching(match), timeout)
        except asyncio.TimeoutError as e:
            if isinstance(e, Timeout):
                raise
            what = match if events or where or keys else self._match
            raise Timeout(f"no {what} within {timeout:g} s{await self._control._last_lines()}") from None

    async def _matching(self, match: Match) -> Record:
        while True:
            record = await self._record()
            if (not match.events or record.event in match.events) and match(record):
                return record

    async def _record(self) -> Record:
        while True:
            connection = await self._open()
            try:
                line = await connection.line()
            except Gone as e:
                await self._control._gone(e)
            if "event" not in line:
                continue
            record = Record(line)
            if record.number == 0 and self._last and not self._new:
                # They came faster than they were read: the modem has kept them.
                self.close()
                self._since = self._last
                continue
            self._new = False
            self._last = record.number or self._last
            if (not self._match.events or record.event in self._match.events) and self._match(record):
                return record

    def close(self) -> None:
        """Follows no more."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def __aenter__(self) -> "Trace":
        await self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


class Control:
    """A modem that runs, by the address of its control socket. Several tasks may use it at once."""

    patience = 10.0
    """How many seconds an answer may take that needs no time on the modem's clock."""

    def __init__(self, address: str, key: Optional[str] = None) -> None:
        self._address = address
        self._key = key
        self._waited_for = 0

    # What is asked.

    async def request(self, do: str, **keys: Any) -> Answer:
        """Any request of the control socket, and its answer: `badline schema control` has all."""
        return await self._ask({"do": do, **{requests.word(key): value for key, value in keys.items()}})

    async def status(self) -> Status:
        """How the module stands."""
        return Status(await self._ask({"do": "status"}))

    async def faults(self) -> List[FaultStatus]:
        """How each fault stands, in the order in which they have their say."""
        return [FaultStatus(one) for one in (await self._ask({"do": "faults"}))["faults"]]

    async def inject(
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
        """Applies a fault, as `badline.Control.inject` does."""
        return Fault(self, await self._ask(requests.inject(fault, name, when, for_, until, what)))

    @asynccontextmanager
    async def fault(
        self,
        fault: Union[str, Mapping[str, Any], None] = None,
        /,
        *,
        name: Optional[str] = None,
        when: Optional[Mapping[str, Any]] = None,
        for_: "Optional[Duration]" = None,
        until: Optional[Mapping[str, Any]] = None,
        **what: Any,
    ) -> AsyncIterator[Fault]:
        """The same for as long as a block lasts: `async with modem.fault(signal=2):`."""
        injected = Fault(self, await self._ask(requests.inject(fault, name, when, for_, until, what)))
        try:
            yield injected
        except BaseException:
            try:
                await self.lift(injected.name)
            except Error:
                pass  # What went wrong first is what is told.
            raise
        try:
            await self.lift(injected.name)
        except Refused:
            # It may be over, and gone.
            if await injected.status() is not None:
                raise

    async def lift(self, name: Optional[str] = None) -> None:
        """Ends a fault and disarms it; all of them without a name."""
        await self._ask(requests.lift(name))

    async def pause(self) -> float:
        """Has the modem's clock stand: what the host sends waits. Gives its time, in seconds since power-on."""
        return float((await self._ask({"do": "pause"}))["t"] / 1e6)

    async def step(self, duration: "Duration", timeout: Optional[float] = None) -> float:
        """Turns the clock on by so much at once, and has it stand there. Gives its time, in seconds since power-on."""
        answer = await self._ask({"do": "step", "for": requests.span(duration)}, timeout)
        return float(answer["t"] / 1e6)

    async def speed(self, times: Optional[int] = None) -> None:
        """Has the clock run, so many times faster than real time; without a number as before."""
        await self._ask(requests.speed(times))

    async def type(self, line: str) -> int:
        """Types a line on a port of the modem's own; gives its number. What is said there is in the trace."""
        return int((await self._ask({"do": "type", "line": line}))["port"])

    async def verdict(self) -> Verdict:
        """How the run has fared so far, in the words of `badline exec`."""
        return Verdict(await self._ask({"do": "verdict"}))

    async def coverage(self) -> Coverage:
        """What the host has used of the module."""
        return (await self.verdict()).coverage

    async def assert_passed(self) -> None:
        """Raises `Unmet`, with the explanation, where an expectation is not met or the host has not opened the port."""
        verdict = await self.verdict()
        if not verdict.passed:
            raise Unmet(str(verdict))

    async def scenario(self) -> str:
        """What was done by hand, as a scenario that does it again (TOML)."""
        return str((await self._ask({"do": "save", "as": "scenario"}))["text"])

    async def recording(self) -> str:
        """What crossed the serial line so far, as a recording."""
        return str((await self._ask({"do": "save", "as": "recording"}))["text"])

    async def save(self, file: StrPath) -> None:
        """Writes one of both to a new file: `FILE.toml` is a scenario, `FILE.at` a recording."""
        path = os.fspath(file)
        text = (await self._ask({"do": "save", "as": requests.kind_of(path)}))["text"]
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
        """The records of the trace as they come, as `badline.Control.trace` gives them."""
        return Trace(self, Match(events, where, keys), requests.number(since), timeout)

    async def history(
        self, *events: str, where: Optional[Callable[[Record], object]] = None, **keys: Wanted
    ) -> List[Record]:
        """The records that have been, as far as the modem keeps them (8 MiB)."""
        match = Match(events, where, keys)
        connection = await self._connect()
        try:
            return await self._within(self._past(connection, match), "follow")
        except Gone as e:
            await self._gone(e)
        finally:
            connection.close()

    async def _past(self, connection: _Connection, match: Match) -> List[Record]:
        records: List[Record] = []
        await connection.ask(requests.follow(match.events, 0))
        end = await connection.send({"do": "faults"})
        while True:
            line = await connection.line()
            if line.get("id") == end:
                return records
            if "event" in line and match(Record(line)):
                records.append(Record(line))

    async def wait_for(
        self,
        *events: str,
        timeout: Optional[float] = 10.0,
        since: Union[int, Record, None] = None,
        where: Optional[Callable[[Record], object]] = None,
        **keys: Wanted,
    ) -> Record:
        """Waits for the next record that matches, behind the one that was waited for last; as `badline.Control.wait_for`."""
        start = self._waited_for if since is None else requests.number(since)
        async with Trace(self, Match(events, where, keys), start, None) as trace:
            record = await trace.next(timeout)
        self._waited_for = max(self._waited_for, record.number)
        return record

    # How it is reached.

    async def close(self) -> None:
        """Lets go of it."""

    async def __aenter__(self) -> "Self":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _connect(self) -> _Connection:
        try:
            return await self._within(_Connection.open(self._address, self._key), "connect")
        except Gone as e:
            await self._gone(e)

    async def _ask(self, request: "requests.Request", timeout: Optional[float] = -1) -> Answer:
        # One for each: several tasks may ask at once, and one of them may be cancelled.
        connection = await self._connect()
        try:
            return await self._within(connection.ask(request), request["do"], timeout)
        except Gone as e:
            await self._gone(e)
        finally:
            connection.close()

    async def _within(self, what: Awaitable[_Value], name: str, timeout: Optional[float] = -1) -> _Value:
        patience = self.patience if timeout == -1 else timeout
        try:
            return await asyncio.wait_for(what, patience)
        except asyncio.TimeoutError:
            raise Timeout(f"no answer to {name!r} within {patience:g} s") from None

    async def _gone(self, why: Exception) -> NoReturn:
        raise Ended(f"the modem runs no more: {why}") from None

    async def _last_lines(self, most: int = 8) -> str:
        """The last of the trace, for a message."""
        try:
            lines = (await self.verdict()).explanation[-most:]
        except Error:
            return ""
        return "".join(["; the last of the trace:", *(f"\n  {line}" for line in lines)]) if lines else ""


class Modem(Started, Control):
    """A modem in a process of its own, from the beginning of an `async with` to its end.

    The arguments are those of `badline.Modem`.
    """

    def __init__(self, profile: Optional[StrPath] = None, **options: "Unpack[Options]") -> None:
        self._of = (profile, options)

    async def __aenter__(self) -> "Self":
        await self.start()
        return self

    async def start(self) -> None:
        """Starts it, where it is not used with `async with`."""
        loop = asyncio.get_running_loop()
        starting = loop.run_in_executor(None, Process, *self._of)
        try:
            self._process = await asyncio.shield(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(lambda done: None if done.exception() else done.result().end())
            raise
        Control.__init__(self, self.ready["control"], self.ready.get("control_key"))

    async def close(self) -> None:
        """Ends it. Its trace and its capture are whole then."""
        await asyncio.get_running_loop().run_in_executor(None, self._process.end)

    async def _gone(self, why: Exception) -> NoReturn:
        raise await asyncio.get_running_loop().run_in_executor(None, self._ended, why) from None
