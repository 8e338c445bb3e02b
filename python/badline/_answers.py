"""What a modem answers: JSON objects whose keys are attributes, too."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, TypeVar

_Kind = TypeVar("_Kind", bound="Answer")


class Answer(Dict[str, Any]):
    """A JSON object. Its keys are its attributes, too; one that is a word of Python's bears a `_` behind it (`from_`)."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name[:-1] if name.endswith("_") and name not in self else name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no {name!r}: it has {', '.join(self)}") from None

    def _all(self, key: str, kind: "type[_Kind]") -> None:
        self[key] = [kind(one) for one in self.get(key, [])]


class Record(Answer):
    """One thing that happened: a record of the trace. `badline schema trace` has all events and what they bear."""

    event: str
    """What happened: `command_line`, `command`, `result`, `urc`, `fault_applied` and so on."""
    t: int
    """The time on the modem's clock, in microseconds since power-on."""
    wall: int
    """The time on the wall, in microseconds since 1970."""

    @property
    def seconds(self) -> float:
        """The time on the modem's clock, in seconds since power-on."""
        return self.t / 1e6

    @property
    def number(self) -> int:
        """Its number in the run, from 1; 0 where it tells of a gap."""
        return int(self.get("n", 0))


class Status(Answer):
    """How the module stands."""

    t: int
    """The time on the modem's clock, in microseconds since power-on."""
    profile: str
    """The profile's name."""
    scenario: Optional[str]
    """The scenario's file."""
    seed: int
    """The seed of the run."""
    pid: int
    """The process."""
    links: List[str]
    """The link to each serial port."""
    speed: int
    """How many times faster than real time its clock runs."""
    paused: bool
    """Whether the clock stands."""
    boots: int
    """How often the module has booted."""
    registration: int
    """The status of `+CREG`."""
    signal: int
    """Signal strength as in `+CSQ`."""
    sim: str
    """What `+CPIN?` says; empty without a SIM."""
    contexts: Dict[str, str]
    """The active PDP contexts with their addresses."""
    ports: List[str]
    """For each serial port, `command` or `data`."""
    ftp: bool
    """Whether an FTP session is open."""
    faults: List[str]
    """The names of the faults that hold."""


class FaultStatus(Answer):
    """How a fault stands."""

    name: str
    """Its name."""
    layer: str
    """Where it acts."""
    what: str
    """What it does, as written."""
    active: bool
    """Whether it holds now."""
    since: Optional[int]
    """Since when, in microseconds on the modem's clock."""
    until: Optional[int]
    """Until when, where that is known."""
    fired: int
    """How often it was applied."""
    missed: int
    """How often it was due and not applied."""


class Expectation(Answer):
    """How an expectation fared."""

    text: str
    """The expectation in words."""
    met: bool
    """Whether it was met."""
    why: str
    """What was seen."""


class Coverage(Answer):
    """What the host used of the module, and which errors it met."""

    forms: int
    """How many forms of commands the module has."""
    used: List[Answer]
    """Those that the host used: `name`, `form`, `times`."""
    unknown: List[Answer]
    """What it sent that the module does not have."""
    errors: List[Answer]
    """The final result codes that are errors: `command`, `result`, `cause`, `times`."""
    ftp_errors: List[Answer]
    """The replies of 400 and above: `code`, `times`."""
    urcs: List[Answer]
    """The unsolicited result codes that the host was told."""
    faults: List[Answer]
    """The faults that were applied."""

    def __init__(self, answer: "Dict[str, Any]") -> None:
        super().__init__(answer)
        for key in ("used", "unknown", "errors", "ftp_errors", "urcs", "faults"):
            self._all(key, Answer)


class Verdict(Answer):
    """How the run has fared so far. It is true where all is met."""

    modem: str
    """The module."""
    scenario: Optional[str]
    """The scenario's file."""
    seed: int
    """The seed that makes it go the same way again."""
    passed: bool
    """Whether every expectation is met, and the host has opened the port."""
    port_opened: bool
    """Whether the host ever opened the port."""
    modem_seconds: float
    """How long the modem has run, on its own clock."""
    expectations: List[Expectation]
    """How each expectation fared."""
    never_applied: List[str]
    """The faults that were never applied."""
    never_acted: List[str]
    """The faults that were applied and found nothing to act on."""
    coverage: Coverage
    """What the host used of the module."""
    explanation: List[str]
    """The last lines of the trace, and the faults before them, for a person."""

    def __init__(self, answer: "Dict[str, Any]") -> None:
        super().__init__(answer)
        self._all("expectations", Expectation)
        self["coverage"] = Coverage(self.get("coverage", {}))

    def __bool__(self) -> bool:
        return self.passed

    @property
    def unmet(self) -> List[Expectation]:
        """The expectations that are not met."""
        return [outcome for outcome in self.expectations if not outcome.met]

    def __str__(self) -> str:
        of = f"{self.modem}, {self.scenario or 'no scenario'}, seed {self.seed}"
        lines = [f"{of}: {'passed' if self.passed else 'FAILED'}"]
        lines += [f"not met: {outcome.text}: {outcome.why}" for outcome in self.unmet]
        lines += [f"never applied: the fault {name}" for name in self.never_applied]
        lines += [f"never acted: the fault {name}" for name in self.never_acted]
        return "\n".join([*lines, "the last of the trace:", *self.explanation])
