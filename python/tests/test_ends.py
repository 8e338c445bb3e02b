"""A modem ends, whatever happens to the program that uses it; and what cannot be is told."""

import os
import signal
import subprocess
import sys
import time

import pytest

import badline
from conftest import gone

# A test that starts a modem, tells its process and its link, and waits to be killed.
KILLED = """
import os, sys, time
import badline
modem = badline.Modem("sim7080", scenario_text='profile = "sim7080"')
{meanwhile}
print(modem.pid, modem.port, flush=True)
time.sleep(1000)
"""


@pytest.mark.parametrize(
    "meanwhile",
    [
        "pass",
        # One that inherits all that the test has open, and lives on.
        "child = os.fork()\nif child == 0: time.sleep(3)\nif child == 0: os._exit(0)",
        "import subprocess; subprocess.Popen(['sleep', '3'], close_fds=False)",
    ],
    ids=["alone", "forked", "descriptors"],
)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_modem_ends_with_a_test_that_is_killed(meanwhile, how, tmp_path):
    code = KILLED.format(meanwhile=meanwhile)
    test = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    assert test.stdout is not None
    pid, port = test.stdout.readline().split()
    assert os.path.islink(port)
    test.send_signal(how)
    # It is not reaped before.
    assert gone(int(pid))
    test.wait()
    assert not os.path.islink(port)
    assert os.listdir(tmp_path) == [] or meanwhile != "pass", os.listdir(tmp_path)


def test_a_modem_ends_without_with(tmp_path):
    code = "import badline; modem = badline.Modem(); print(modem.pid, flush=True); {end}"
    for end in ("del modem", "pass", "raise SystemExit(3)", "1/0", "modem.close(); modem.close()"):
        done = subprocess.run([sys.executable, "-c", code.format(end=end)], capture_output=True, text=True)
        with pytest.raises(ProcessLookupError):
            os.kill(int(done.stdout), 0)


def test_who_forks_ends_nothing_and_asks_for_himself(modem):
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if modem.status().pid == modem.pid else 2
            modem.close()
        finally:
            os._exit(status)
    assert modem.status().pid == modem.pid
    assert os.waitpid(child, 0)[1] == 0
    assert modem.exit_status is None and modem.status().pid == modem.pid


def test_no_child_inherits_what_it_has_open():
    def inherited() -> int:
        listed = subprocess.run(["ls", "/proc/self/fd"], stdout=subprocess.PIPE, text=True, close_fds=False)
        return len(listed.stdout.split())

    before = inherited()
    with badline.Modem() as modem, modem.trace():
        modem.status()
        assert inherited() == before


def test_a_modem_that_dies_is_told(modem):
    with modem.trace() as trace:
        os.kill(modem.pid, signal.SIGKILL)
        with pytest.raises(badline.Ended, match="signal 9 ended it") as ended:
            modem.status()
        assert ended.value.status == -9 and modem.exit_status == -9
        with pytest.raises(badline.Ended):
            list(trace)
    for act in (modem.verdict, modem.pause, lambda: modem.step("1s"), modem.history, lambda: modem.inject(signal=2)):
        with pytest.raises(badline.Ended):
            act()
    with pytest.raises(badline.Ended):
        modem.wait_for("urc")
    with pytest.raises(badline.Ended), modem.fault(signal=2):
        pass
    modem.close()


def test_a_modem_that_dies_in_the_middle_is_what_is_told_last(modem):
    with pytest.raises(ValueError, match="first"), modem.fault(signal=2):
        os.kill(modem.pid, signal.SIGKILL)
        raise ValueError("first")


def test_a_modem_that_was_ended_is_told(modem):
    modem.status()
    modem.close()
    with pytest.raises(badline.Ended, match="ended with status 0"):
        modem.status()


def test_a_trace_ends_with_its_modem(modem):
    with modem.trace(since=0) as trace:
        next(trace)
        modem.close()
        assert list(trace)[-1].number > 1


@pytest.mark.parametrize(
    "options, told",
    [
        ({"scenario": "nope.toml"}, "nope.toml"),
        ({"scenario_text": "[server"}, "/dev/stdin:1:8: unclosed table"),
        ({"scenario_text": "profil = 1"}, "did you mean `profile`"),
        ({"profile": "sim9999"}, "sim9999"),
        ({"seed": -1}, "--seed -1"),
        ({"tcp": "here"}, "--tcp here: write IP:PORT"),
        ({"arguments": ["--nope"]}, "--nope"),
        ({"replay": "nope.at"}, "nope.at"),
    ],
)
def test_what_cannot_be_started_says_why(options, told):
    with pytest.raises(badline.NotStarted) as wrong:
        badline.Modem(**options)
    assert told in str(wrong.value) and wrong.value.status == 2
    assert not str(wrong.value).startswith("badline: ")


def test_one_scenario_is_enough():
    with pytest.raises(badline.Error, match="both given"):
        badline.Modem(scenario="x", scenario_text="")


def test_a_program_that_is_not_there_is_told(tmp_path, monkeypatch):
    with pytest.raises(badline.NotFound, match="No such file"):
        badline.Modem(program=tmp_path / "badline")
    (tmp_path / "badline").write_text("")
    with pytest.raises(badline.NotFound, match="Permission denied"):
        badline.Modem(program=tmp_path / "badline")
    (tmp_path / "badline").chmod(0o755)
    with pytest.raises(badline.NotStarted, match="Exec format error"):
        badline.Modem(program=tmp_path / "badline")
    monkeypatch.setenv("BADLINE_PROGRAM", str(tmp_path / "none"))
    with pytest.raises(badline.NotFound, match="none: No such file"):
        badline.Modem()
    monkeypatch.delenv("BADLINE_PROGRAM")
    monkeypatch.setattr("sysconfig.get_path", lambda *_: str(tmp_path / "scripts"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert badline.program() == str(tmp_path / "badline")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(badline.NotFound, match="pip install badline"):
        badline.Modem()


@pytest.mark.parametrize(
    "script, told",
    [
        ("exit 7", "ended with status 7, and said nothing"),
        ("echo hello", "no ready line"),
        ("echo 'badline: broken' >&2; exit 2", "^broken"),
        ("exec sleep 100", "not ready within 0.3 s"),
        ("echo '{\"event\": \"ready\"}'; exec sleep 100", "no control socket"),
    ],
)
def test_a_program_that_is_none_of_ours_is_told(script, told, tmp_path):
    program = tmp_path / "badline"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    began = time.monotonic()
    with pytest.raises(badline.NotStarted, match=told):
        badline.Modem(program=program, ready_within=0.3 if "sleep" in script else 10)
    assert time.monotonic() - began < 5


def test_a_long_temporary_folder_has_room_for_no_socket(tmp_path, monkeypatch):
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with badline.Modem() as modem:
        assert modem.status().pid == modem.pid
