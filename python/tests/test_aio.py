"""The modem for asyncio."""

import asyncio
import inspect
import os
import signal

import pytest

import badline
import badline.aio


def run(test):
    return asyncio.run(asyncio.wait_for(test, 60))


def test_all_that_a_modem_can_is_there():
    for sync, other in ((badline.Control, badline.aio.Control), (badline.Modem, badline.aio.Modem), (badline.Fault, badline.aio.Fault)):
        for name, method in inspect.getmembers(sync, callable):
            if name.startswith("_"):
                continue
            ours, theirs = inspect.signature(getattr(other, name)), inspect.signature(method)
            assert str(ours).split("->")[0] == str(theirs).split("->")[0], name


def test_it_steers_and_is_watched(tmp_path):
    async def test():
        async with badline.aio.Modem("sim7080", seed=7, files={"x": "y"}) as modem:
            assert (modem.profile, modem.seed, (modem.root / "x").read_text()) == ("sim7080", 7, "y")
            async with modem.trace("command_line", "result") as trace:
                assert sorted(await asyncio.gather(*(modem.type("AT") for _ in range(5)))) == [2] * 5
                lines = [await trace.next(5) for _ in range(10)]
                assert [line.event for line in lines].count("result") == 5
            assert (await modem.wait_for("result", text="O*")).number < (await modem.wait_for("result")).number
            async with modem.fault(signal=2) as fault:
                assert (await modem.status()).signal == 2 and (await fault.status()).active
            assert (await modem.status()).faults == []
            fault = await modem.inject(signal=3, name="weak")
            assert [one.name for one in await modem.faults()] == ["weak"]
            await fault.lift()
            await modem.lift()
            stood = await modem.pause()
            assert await modem.step("75s") == pytest.approx(stood + 75)
            await modem.speed()
            assert not await modem.verdict() and (await modem.coverage()).forms > 50
            with pytest.raises(badline.Unmet):
                await modem.assert_passed()
            await modem.save(tmp_path / "again.toml")
            assert "signal = 3" in await modem.scenario() and "> AT" not in await modem.recording()
            assert (await modem.request("status")).pid == modem.pid
            assert len(await modem.history("result")) == 5
            with pytest.raises(badline.Timeout, match="(?s)no urc line='x' within 0.1 s; the last of the trace"):
                await modem.wait_for("urc", line="x", timeout=0.1)
            with pytest.raises(badline.Refused, match="is no fault"):
                await modem.inject(nope=1)

    run(test())


def test_a_hundred_tasks_ask_at_once():
    async def test():
        async with badline.aio.Modem() as modem:
            done = await asyncio.gather(*(modem.status() for _ in range(50)))
            assert {status.pid for status in done} == {modem.pid}
            # Who waits can be called off.
            waiting = asyncio.ensure_future(modem.wait_for("urc", line="never", timeout=None))
            await modem.status()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert (await modem.status()).pid == modem.pid

    run(test())


def test_it_dies_and_that_is_told():
    async def test():
        async with badline.aio.Modem() as modem:
            trace = modem.trace()
            os.kill(modem.pid, signal.SIGKILL)
            with pytest.raises(badline.Ended, match="signal 9"):
                await modem.status()
            with pytest.raises(badline.Ended):
                [record async for record in trace]
        with pytest.raises(badline.NotStarted, match="did you mean `profile`"):
            async with badline.aio.Modem(scenario_text="profil = 1"):
                pass

    run(test())


def test_one_that_is_called_off_while_it_starts_ends(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    async def test():
        starting = asyncio.ensure_future(badline.aio.Modem().start())
        await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting

    # The loop waits for its threads.
    run(test())
    assert not [name for name in os.listdir(tmp_path) if name.startswith("badline-")]


def test_a_trace_ends_with_its_modem():
    async def test():
        modem = badline.aio.Modem()
        await modem.start()
        async with modem.trace(since=0) as trace:
            first = await trace.next()
            await modem.close()
            assert [record async for record in trace][-1].number > first.number

    run(test())
