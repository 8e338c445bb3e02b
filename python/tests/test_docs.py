"""The page about Python holds: its sessions come about, its tests pass."""

import doctest
import re
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


def blocks() -> List[Tuple[str, int, str]]:
    """What stands behind each fence, the line of the first below it, and its text."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.finditer(r"^```(\w+[^\n]*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [(block[1], text[: block.start()].count("\n") + 1, block[2]) for block in found]


def test_the_sessions_come_about(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    names: Dict[str, Any] = {}
    told: List[str] = []
    sessions = [(line, text) for info, line, text in blocks() if info == "pycon"]
    assert len(sessions) > 5, "the page is not what it was"
    for line, text in sessions:
        test = doctest.DocTestParser().get_doctest(text, {}, PAGE.name, str(PAGE), line)
        # Names go on from one session to the next.
        test.globs = names
        runner.run(test, out=told.append, clear_globs=False)
    if "modem" in names:
        names["modem"].close()
    assert runner.summarize(verbose=False).failed == 0, "".join(told)


def test_the_tests_pass(pytester):
    pytest.importorskip("serial")
    for info, _, text in blocks():
        if "file=" in info:
            (pytester.path / info.split("file=")[1]).write_text(text)
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=3)
