"""A modem of the package's own, as a test uses it."""

import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest

import badline

EXPECTS = """
profile = "sim800"
seed = 9

[[expect]]
host_sends = "AT+CSQ"
"""


def test_a_modem_tells_what_it_is(modem):
    assert (modem.profile, modem.seed, modem.ports) == ("sim7080", 7, [modem.port])
    assert os.path.islink(modem.port) and modem.root.is_dir()
    status = modem.status()
    assert status.pid == modem.pid and status.links == modem.ports and status["signal"] == status.signal
    assert modem.environment["BADLINE_PORT"] == modem.port
    with pytest.raises(AttributeError, match="no 'signals'"):
        status.signals


def test_a_host_speaks_with_it_and_the_trace_tells(modem, open_host):
    host = open_host(modem.port)
    with modem.trace("command_line", "result") as trace:
        assert "OK" in host.ask("AT")
        line = trace.next(5)
        assert (line.event, line.line, line.port) == ("command_line", "AT", 1)
        assert trace.wait_for("result").text == "OK"
    assert [record.line for record in modem.history("command_line")] == ["AT"]
    host.ask("AT+NOSUCH", "ERROR")
    coverage = modem.coverage()
    assert [unknown.name for unknown in coverage.unknown] == ["+NOSUCH"]
    assert "+NOSUCH" in modem.log()


def test_what_is_waited_for_is_missed_never_and_taken_once(modem):
    for _ in range(2):
        modem.type("AT")
    first = modem.wait_for("result", text="OK")
    second = modem.wait_for("result", text="O*")
    assert second.number > first.number
    with pytest.raises(badline.Timeout, match=r"(?s)no result text='OK' within 0.2 s; the last of the trace:.*command  AT"):
        modem.wait_for("result", text="OK", timeout=0.2)
    assert modem.wait_for("result", since=0).number == first.number
    assert modem.wait_for("result", since=first, where=lambda record: record.port == 2).number == second.number
    with pytest.raises(TimeoutError):
        modem.wait_for(text="OK", timeout=0.01)
    with pytest.raises(badline.Refused, match="did you mean `result`"):
        modem.wait_for("resutl")


def test_a_trace_that_is_read_late_has_all(modem):
    with modem.trace("result", text="OK") as trace:
        for _ in range(40):
            modem.type(";".join(["AT"] + ["+CSQ"] * 30))
        modem.wait_for("result", where=lambda _: len(modem.history("result")) == 40)
        numbers = [trace.next(5).number for _ in range(40)]
    assert numbers == [record.number for record in modem.history("result")]
    records = modem.trace(since=0)
    seen = [next(records).number for _ in range(modem.history()[-1].number)]
    assert seen == list(range(1, len(seen) + 1))
    records.close()


def test_faults_come_and_go(modem):
    fault = modem.inject(signal=2)
    assert (fault.name, modem.status().signal, fault.status().active) == ("signal", 2, True)
    fault.lift()
    assert modem.status().signal != 2 and fault.status() is None
    with modem.fault(signal=3, name="weak") as weak:
        assert (weak.name, modem.status().signal) == ("weak", 3)
    assert modem.status().faults == []
    # One that is over before its block is.
    with modem.fault(signal=3, for_="1ms"):
        modem.wait_for("fault_lifted", name="signal", since=weak_lifted(modem))
        modem.inject(signal=4)
    modem.lift()
    with pytest.raises(KeyError), modem.fault(signal=2):
        raise KeyError
    assert modem.status().faults == []


def weak_lifted(modem):
    return modem.history("fault_lifted", name="weak")[-1]


def test_faults_wait_for_what_they_are_told(modem, open_host):
    modem.inject(error=3, command="AT+CSQ", when={"command": "AT+CSQ", "nth": 2}, name="second")
    modem.inject({"name": "third", "when": {"inject": True}, "what": {"signal": 9}, "for": timedelta(seconds=20)})
    modem.inject(signal=1, for_=0.5, when={"inject": True}, until={"command": "AT+CREG?"}, name="short")
    host = open_host(modem.port)
    assert "OK" in host.ask("AT+CSQ") and "ERROR" in host.ask("AT+CSQ", "ERROR")
    modem.inject("third")
    third = next(fault for fault in modem.faults() if fault.name == "third")
    assert third.active and third.until - third.since == 20_000_000
    for wrong in ({"stall": "sideways"}, {"stal": "up"}, {"signal": 2, "when": {"comand": "AT"}}):
        with pytest.raises(badline.Refused):
            modem.inject(**wrong)
    with pytest.raises(badline.Refused, match="write stall = ") as refused:
        modem.inject(stall="sideways")
    assert refused.value.error == "wrong value of `stall`" and refused.value.right
    for wrong in ({}, {"name": "x"}):
        with pytest.raises(badline.Error, match="inject which fault"):
            modem.inject(**wrong)
    with pytest.raises(badline.Error, match="is named, and described too"):
        modem.inject("third", signal=2)
    with pytest.raises(badline.Refused, match="no fault `nope`"):
        modem.inject("nope")


def test_the_clock_stands_and_turns(modem):
    stood = modem.pause()
    assert modem.pause() == stood and modem.status().paused
    assert modem.step("75s") == pytest.approx(stood + 75)
    assert modem.step(timedelta(seconds=1)) == pytest.approx(stood + 76)
    assert modem.step(0.5) == pytest.approx(stood + 76.5)
    modem.speed(20)
    assert (modem.status().speed, modem.status().paused) == (20, False)
    modem.speed()
    with pytest.raises(badline.Refused, match="write 1 to 1000"):
        modem.speed(0)
    with pytest.raises(badline.Error, match="no duration"):
        modem.step(-1)


def test_a_verdict_is_true_where_all_is_met(open_host):
    with badline.Modem(scenario_text=EXPECTS) as modem:
        assert (modem.profile, modem.seed) == ("sim800", 9)
        verdict = modem.verdict()
        assert not verdict and "the host sends AT+CSQ" in [outcome.text for outcome in verdict.unmet]
        with pytest.raises(badline.Unmet, match="(?s)not met: the host sends AT.CSQ.*the last of the trace"):
            modem.assert_passed()
        with pytest.raises(AssertionError):
            modem.assert_passed()
        open_host(modem.port).ask("AT+CSQ")
        modem.assert_passed()
        assert modem.verdict() and "passed" in str(modem.verdict())


def test_what_was_done_is_saved(modem, open_host, tmp_path):
    open_host(modem.port).ask("AT")
    modem.inject(signal=2)
    modem.save(tmp_path / "again.toml")
    modem.save(tmp_path / "session.at")
    assert (tmp_path / "again.toml").read_text() == modem.scenario() and "signal = 2" in modem.scenario()
    assert "> AT\n" in (tmp_path / "session.at").read_text() and "> AT\n" in modem.recording()
    with pytest.raises(FileExistsError):
        modem.save(tmp_path / "again.toml")
    with pytest.raises(badline.Error, match="neither .toml nor .at"):
        modem.save(tmp_path / "again.txt")
    with badline.Modem(scenario=tmp_path / "again.toml") as again:
        assert [fault.name for fault in again.faults()] == ["signal"]
    with badline.Modem(replay=tmp_path / "session.at") as replayed:
        assert "OK" in open_host(replayed.port).ask("AT")


def test_files_lie_on_the_server(tmp_path, open_host):
    (tmp_path / "image").write_bytes(bytes(range(256)))
    files = {"a/b.txt": "grün", "raw": b"\0\1", "copied": tmp_path / "image", "/rooted": ""}
    with badline.Modem("sim7080", files=files) as modem:
        assert (modem.root / "a" / "b.txt").read_text(encoding="utf-8") == "grün"
        assert (modem.root / "raw").read_bytes() == b"\0\1" and (modem.root / "rooted").exists()
        assert (modem.root / "copied").read_bytes() == bytes(range(256))
    for outside in ("../x", "a/../../x", ".."):
        with pytest.raises(badline.Error, match="outside of the server's root"):
            badline.Modem("sim7080", files={outside: ""})
    with pytest.raises(FileNotFoundError):
        badline.Modem("sim7080", files={"x": tmp_path / "none"})


def test_all_options_reach_the_program(tmp_path):
    with badline.Modem(
        "m95",
        ports=2,
        speed=5,
        pace=True,
        root=tmp_path,
        users={"me": "se:same"},
        link=tmp_path / "modem",
        tcp="127.0.0.1:0",
        http="127.0.0.1:0",
        control="127.0.0.1:0",
        state=tmp_path / "state",
        trace=tmp_path / "trace.jsonl",
        pcap=tmp_path / "capture.pcapng",
        verbose=1,
        ftp_listen="127.0.0.1:0",
        arguments=["--seed", "11"],
    ) as modem:
        assert modem.ports == [str(tmp_path / "modem"), str(tmp_path / "modem-2")]
        # Over TCP, with a key.
        assert modem.address.startswith("127.0.0.1:") and modem.status().speed == 5
        assert (modem.seed, modem.root) == (11, tmp_path)
        assert modem.tcp and "key=" in (modem.http or "")
        assert "key" not in repr(modem) and modem.environment["BADLINE_CONTROL_KEY"]
        with badline.Control(modem.address, modem.environment["BADLINE_CONTROL_KEY"]) as other:
            assert other.status().pid == modem.pid
        with pytest.raises(badline.Refused, match="not the key"):
            badline.Control(modem.address, "0").status()
    lines = (tmp_path / "trace.jsonl").read_text().splitlines()
    assert '"event":"start"' in lines[0] and (tmp_path / "capture.pcapng").stat().st_size > 0
    with pytest.raises(TypeError, match="no option 'sed'"):
        badline.Modem("m95", sed=1)


def test_several_threads_use_one_modem(modem):
    wrong = []

    def use(n: int) -> None:
        try:
            for _ in range(10):
                with modem.fault(signal=n, name=f"fault-{n}") as fault:
                    assert fault.name == f"fault-{n}"
                    assert modem.status().pid == modem.pid
                    assert modem.wait_for("fault_applied", name=fault.name, since=0).what == f"signal = {n}"
        except BaseException as e:
            wrong.append(e)

    threads = [threading.Thread(target=use, args=[n]) for n in range(2, 8)]
    for thread in threads:
        thread.start()
    # A step of the clock keeps nobody waiting.
    modem.pause()
    modem.step("1h")
    modem.speed()
    for thread in threads:
        thread.join()
    assert not wrong


def test_any_request_can_be_made(modem):
    assert modem.request("type", line="AT").port == 2
    assert modem.request("step", for_="1s").t >= 1_000_000
    with pytest.raises(badline.Refused, match="none of the words known here"):
        modem.request("injekt")


def test_a_shipped_scenario_is_known_by_its_name(tmp_path):
    with badline.Modem(scenario="842-after-75s") as modem:
        assert modem.verdict().scenario == "842-after-75s"
    assert Path(badline.program()).is_file()
