"""The pytest plugin: modems for tests, and what a test that failed is told of them."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any, Callable, Dict, Generator, Iterator, List, Optional, Tuple

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from badline import Modem, Verdict

_LOG = 20
"""How many lines of what the program said on standard error are told."""


class _Used:
    """A modem of a test."""

    def __init__(self, modem: "Modem", judged: bool, folder: Path, kept: Path) -> None:
        self.modem = modem
        self.judged = judged
        self.folder = folder
        self.kept = kept
        self.failed = False
        self._verdict: Optional["Verdict"] = None
        self._close = modem.close
        # A test may end it itself, and is judged all the same.
        modem.close = self.close  # type: ignore[method-assign]

    def verdict(self) -> "Verdict":
        """How the run has fared, or had when it was ended."""
        return self._verdict or self.modem.verdict()

    def close(self) -> None:
        """Ends it, with its verdict kept."""
        from badline import Error

        if self.modem.exit_status is None:
            try:
                self._verdict = self.modem.verdict()
            except Error:
                pass
        self._close()

    def explanation(self) -> str:
        """What happened, for the report of a test that failed."""
        from badline import Error

        modem = self.modem
        try:
            lines = [str(self.verdict())]
        except Error as e:
            lines = [str(e)]
        said = modem.log().splitlines()
        if said and modem.exit_status is None:
            lines += ["it said:", *said[-_LOG:]]
        name = self.folder.name
        lines += [f"trace: {self.kept / name / 'trace.jsonl'}", f"capture: {self.kept / name / 'capture.pcapng'}"]
        return "\n".join(lines)

    def end(self) -> None:
        """Ends it; what it wrote stays where the test has failed."""
        self.close()
        if self.failed and self.kept != self.folder.parent:
            place = self.kept / self.folder.name
            shutil.rmtree(place, ignore_errors=True)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(str(self.folder), str(place))
        elif not self.failed:
            shutil.rmtree(self.folder, ignore_errors=True)


_USED = pytest.StashKey[List[_Used]]()


def _seeds(text: str) -> List[int]:
    match = re.fullmatch(r"(\d+)(?:\.\.(\d+))?", text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if first > last:
        import argparse

        raise argparse.ArgumentTypeError(f"{text}: write A..B, such as 1..20, or one seed")
    return list(range(first, last + 1))


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("badline", "modems that fail on cue")
    group.addoption(
        "--badline-seeds",
        metavar="A..B",
        type=_seeds,
        help="run each test that uses a modem under each of these seeds, both ends included",
    )
    group.addoption(
        "--badline-artifacts",
        metavar="DIR",
        help="keep the trace and the capture of each test that failed in this folder [default: pytest's temporary one]",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "badline(profile, verdict=True, **options): the modem of `badline_modem`: its profile, and the options of badline.Modem; "
        "with verdict=False what its scenario expects is not asked of the test",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    seeds = metafunc.config.getoption("badline_seeds")
    if seeds and "badline_seed" in metafunc.fixturenames:
        metafunc.parametrize("badline_seed", seeds, ids=[f"seed{seed}" for seed in seeds])


@pytest.fixture
def badline_seed() -> Optional[int]:
    """The seed of the test's modems where `--badline-seeds` says one, or the test does."""
    return None


@pytest.fixture
def badline_factory(
    request: pytest.FixtureRequest, badline_seed: Optional[int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., "Modem"]]:
    """Makes modems, as `badline.Modem` does; they end with the test."""
    item, used = request.node, request.node.stash.setdefault(_USED, [])
    name = re.sub(r"\W+", "-", item.nodeid).strip("-")[-120:]
    asked = item.config.getoption("badline_artifacts")
    folders = tmp_path_factory.mktemp("badline")
    kept = Path(asked).absolute() / name if asked else folders

    def make(profile: Optional[str] = None, *, verdict: bool = True, **options: Any) -> "Modem":
        from badline import Modem

        for key in ("scenario", "replay"):
            if key in options:
                options[key] = _beside(item, options[key])
        if badline_seed is not None:
            options["seed"] = badline_seed
        folder = folders / f"modem-{len(used) + 1}"
        folder.mkdir()
        options.setdefault("trace", folder / "trace.jsonl")
        options.setdefault("pcap", folder / "capture.pcapng")
        modem = Modem(profile if profile is None else _beside(item, profile), **options)
        judged = verdict and ("scenario" in options or "scenario_text" in options)
        used.append(_Used(modem, judged, folder, kept))
        item.user_properties.append(("badline_seed", modem.seed))
        return modem

    yield make
    for one in used:
        one.end()
    if not any(one.failed for one in used):
        shutil.rmtree(folders, ignore_errors=True)


@pytest.fixture
def badline_modem(request: pytest.FixtureRequest, badline_factory: Callable[..., "Modem"]) -> "Modem":
    """A modem, as the marker `badline` says: `@pytest.mark.badline("sim7080", scenario="tunnel.toml", seed=7)`."""
    profile, options = _marked(request.node)
    return badline_factory(profile, **options)


def _marked(item: pytest.Item) -> Tuple[Optional[str], Dict[str, Any]]:
    """What the markers say; the one that is closest to the test goes before the others."""
    profile: Optional[str] = None
    options: Dict[str, Any] = {}
    for marker in reversed(list(item.iter_markers("badline"))):
        if len(marker.args) > 1:
            raise pytest.UsageError(f"{item.nodeid}: the marker badline takes one profile, and options by name")
        options.update(marker.kwargs)
        profile = options.pop("profile", marker.args[0] if marker.args else profile)
    return profile, options


def _beside(item: pytest.Item, file: "str | os.PathLike[str]") -> str:
    """A file that lies beside the test, else as it is written: a name, or a path from where pytest was started."""
    beside = item.path.parent / file
    return str(beside) if beside.is_file() else os.fspath(file)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, None]:
    outcome = yield
    if outcome.excinfo is None:
        try:
            for used in item.stash.get(_USED, []):
                if used.judged:
                    _judge(used)
        except BaseException as e:
            outcome.force_exception(e)


def _judge(used: _Used) -> None:
    """Fails a test that did not do what its scenario expects."""
    from badline import Error

    try:
        verdict = used.verdict()
    except Error as e:
        pytest.fail(str(e), pytrace=False)
    if not verdict.passed:
        told = [f"{outcome.text}: {outcome.why}" for outcome in verdict.unmet]
        pytest.fail("\n".join([f"{verdict.scenario or verdict.modem}: not met:", *told]), pytrace=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: "pytest.CallInfo[None]") -> Generator[None, Any, None]:
    outcome = yield
    report = outcome.get_result()
    if not report.failed:
        return
    for used in item.stash.get(_USED, []):
        if not used.failed:
            used.failed = True
            modem = used.modem
            report.sections.append((f"badline {modem.profile} (seed {modem.seed})", used.explanation()))
