"""What is asked of a modem, as JSON objects; and what is looked for in its trace. Nothing here touches the world."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, Mapping, Optional, Pattern, Union

from ._answers import Record
from ._errors import Error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import timedelta

    Duration = Union[str, int, float, timedelta]

Request = Dict[str, Any]
Wanted = Union[str, int, bool, None, Pattern[str], Callable[[Any], object]]
"""What a key of a record is to be: text with `*` for anything, a pattern of `re`, a value, or a function that says."""


def span(duration: "Duration") -> str:
    """A duration as Badline writes it; a number is of seconds."""
    if isinstance(duration, str):
        return duration
    seconds: Any = duration if isinstance(duration, (int, float)) else duration.total_seconds()
    if isinstance(duration, bool) or not 0 <= seconds < float("inf"):
        raise Error(f"{duration!r} is no duration; write '20s', or a number of seconds")
    return f"{seconds}s" if isinstance(seconds, int) else f"{round(seconds * 1e6)}us"


def _plain(value: Any) -> Any:
    """A value as JSON has it; durations are written out."""
    if hasattr(value, "total_seconds"):
        return span(value)
    if isinstance(value, Mapping):
        return {word(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value


def word(name: str) -> str:
    """A key as Badline writes it: `for_` is `for`."""
    return name[:-1] if name.endswith("_") else name


def inject(
    fault: "Union[str, Mapping[str, Any], None]",
    name: Optional[str],
    when: Optional[Mapping[str, Any]],
    for_: "Optional[Duration]",
    until: Optional[Mapping[str, Any]],
    what: Mapping[str, Any],
) -> Request:
    """The request that applies a fault."""
    if isinstance(fault, str):
        if what or when or until or name is not None or for_ is not None:
            raise Error(f"the fault {fault!r} is named, and described too; give one of both")
        return {"do": "inject", "name": fault}
    written: Dict[str, Any] = _plain(fault) if fault is not None else {}
    if what:
        written["what"] = {**written.get("what", {}), **_plain(what)}
    if not written.get("what"):
        raise Error("inject which fault? write inject(signal=2), or the name of one that is there")
    given = {"name": name, "when": when, "for": None if for_ is None else span(for_), "until": until}
    written.update({key: _plain(value) for key, value in given.items() if value is not None})
    return {"do": "inject", "fault": written}


def lift(name: Optional[str]) -> Request:
    """The request that ends a fault, or all."""
    return {"do": "lift"} if name is None else {"do": "lift", "name": name}


def follow(events: Iterable[str], since: Optional[int]) -> Request:
    """The request that has the records of the trace come."""
    request: Request = {"do": "follow", "events": list(events)}
    return request if since is None else {**request, "since": since}


def speed(times: Optional[int]) -> Request:
    """The request that has the clock run."""
    return {"do": "speed"} if times is None else {"do": "speed", "speed": times}


def kind_of(path: str) -> str:
    """What is to be saved in a file, by the end of its name."""
    for end, kind in ((".toml", "scenario"), (".at", "recording")):
        if path.endswith(end):
            return kind
    raise Error(f"{path}: neither .toml nor .at: FILE.toml is a scenario, FILE.at a recording")


def number(since: "Union[int, Record, None]") -> Optional[int]:
    """The number behind which records are wanted."""
    return since.number if isinstance(since, Record) else since


class Match:
    """What is looked for in the trace."""

    def __init__(self, events: "tuple[str, ...]", where: Optional[Callable[[Record], object]], keys: Mapping[str, Wanted]) -> None:
        self.events = events
        self._where = where
        self._keys = {word(name): wanted for name, wanted in keys.items()}

    def __call__(self, record: Record) -> bool:
        keys = all(key in record and _is(wanted, record[key]) for key, wanted in self._keys.items())
        return keys and (self._where is None or bool(self._where(record)))

    def __str__(self) -> str:
        shown = [" or ".join(self.events) or "record", *(f"{key}={_shown(wanted)}" for key, wanted in self._keys.items())]
        return " ".join([*shown, "where ..."] if self._where else shown)


def _shown(wanted: Wanted) -> str:
    return repr(getattr(wanted, "pattern", wanted))


def _is(wanted: Wanted, value: Any) -> bool:
    if isinstance(wanted, Pattern):
        return isinstance(value, str) and wanted.search(value) is not None
    if callable(wanted):
        return bool(wanted(value))
    if isinstance(wanted, str) and isinstance(value, str) and "*" in wanted:
        import re

        parts = ".*".join(re.escape(part) for part in wanted.split("*"))
        return re.fullmatch(parts, value, re.DOTALL) is not None
    return bool(wanted == value)
