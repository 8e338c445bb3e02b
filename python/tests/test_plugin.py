"""The pytest plugin, as other projects' tests use it."""

import os

import pytest

from conftest import gone

SCENARIO = """
profile = "sim800"
seed = 9

[[expect]]
host_sends = "AT+CSQ"
"""

TESTS = """
import os
import pytest

def say(modem, line):
    port = os.open(modem.port, os.O_RDWR | os.O_NOCTTY)
    os.write(port, line.encode() + b"\\r")
    modem.wait_for("result")
    os.close(port)
"""


@pytest.fixture(autouse=True)
def modems_of_their_own(pytester, monkeypatch):
    # What the outer run was told is not for the inner one.
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST") or name == "PYTEST_ADDOPTS"]:
        monkeypatch.delenv(name)
    pytester.makefile(".toml", quality=SCENARIO)


def run(pytester, tests, *options):
    pytester.makepyfile(TESTS + tests)
    # In a process of its own: the plugin is there by its entry point.
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *options)


def test_a_modem_is_what_its_marker_says(pytester):
    tests = """
pytestmark = pytest.mark.badline("m95", seed=3)

def test_one(badline_modem):
    assert (badline_modem.profile, badline_modem.seed) == ("m95", 3)

@pytest.mark.badline(seed=4, ports=2)
def test_nearer(badline_modem):
    assert (badline_modem.profile, badline_modem.seed, len(badline_modem.ports)) == ("m95", 4, 2)

@pytest.mark.badline(profile="nl668")
def test_named(badline_modem):
    assert badline_modem.profile == "nl668"

@pytest.mark.badline("sim800", scenario="quality.toml")
def test_beside(badline_modem):
    assert badline_modem.seed == 3
    say(badline_modem, "AT+CSQ")
"""
    run(pytester, tests, "--strict-markers").assert_outcomes(passed=4)


def test_what_the_scenario_expects_is_asked_of_the_test(pytester):
    tests = """
@pytest.mark.badline(scenario="quality.toml")
def test_good(badline_modem):
    say(badline_modem, "AT+CSQ")

@pytest.mark.badline(scenario="quality.toml")
def test_good_and_closed(badline_modem):
    say(badline_modem, "AT+CSQ")
    badline_modem.close()

@pytest.mark.badline(scenario="quality.toml")
def test_bad(badline_modem):
    say(badline_modem, "AT+CREG?")

@pytest.mark.badline(scenario="quality.toml")
def test_bad_and_closed(badline_modem):
    say(badline_modem, "AT+CREG?")
    badline_modem.close()

@pytest.mark.badline(scenario="quality.toml", verdict=False)
def test_not_asked(badline_modem):
    pass

@pytest.mark.badline(scenario="quality.toml")
@pytest.mark.xfail(strict=True)
def test_known(badline_modem):
    pass

@pytest.mark.badline(scenario="quality.toml")
def test_dead(badline_modem):
    say(badline_modem, "AT+CSQ")
    os.kill(badline_modem.pid, 9)
"""
    result = run(pytester, tests)
    result.assert_outcomes(passed=3, failed=3, xfailed=1)
    result.stdout.fnmatch_lines(["*quality.toml: not met:", "the host sends AT+CSQ: never"])
    result.stdout.fnmatch_lines(["the modem runs no more: signal 9 ended it"])


def test_a_report_explains_and_the_artifacts_are_kept(pytester):
    tests = """
def test_wrong(badline_factory):
    first, second = badline_factory("sim7080"), badline_factory("m95", seed=5)
    first.inject(signal=2)
    say(first, "AT+NOSUCH")
    assert first.status().signal == 3

def test_right(badline_factory):
    badline_factory("sim7080")
"""
    result = run(pytester, tests, "--badline-artifacts", "kept", "--junit-xml", "junit.xml")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- badline sim7080 (seed 0) -*",
            "*fault    signal applied*",
            "*command  AT+NOSUCH",
            "badline: the module does not know AT+NOSUCH*",
            "trace: *trace.jsonl",
            "*- badline m95 (seed 5) -*",
        ]
    )
    kept = sorted(str(path.relative_to(pytester.path / "kept")) for path in (pytester.path / "kept").rglob("*.*"))
    name = [line for line in kept if "trace" in line][0].split("/")[0]
    assert name.endswith("py-test_wrong")
    assert kept == [f"{name}/modem-{n}/{file}" for n in (1, 2) for file in ("capture.pcapng", "trace.jsonl")]
    assert '"event":"end"' not in kept and "AT+NOSUCH" in (pytester.path / "kept" / kept[1]).read_text()
    assert '<property name="badline_seed" value="5"' in (pytester.path / "junit.xml").read_text()


def test_a_failed_fixture_explains_too(pytester):
    tests = """
@pytest.fixture
def host(badline_modem):
    say(badline_modem, "AT+NOSUCH")
    raise RuntimeError("no host")

def test_it(host):
    pass

@pytest.mark.badline(scenario="nope.toml")
def test_none(badline_modem):
    pass

@pytest.mark.badline(sed=1)
def test_misspelt(badline_modem):
    pass
"""
    result = run(pytester, tests)
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(["*command  AT+NOSUCH", "*NotStarted: *nope.toml*", "*no option 'sed'*"])


def test_seeds_multiply_tests_that_have_a_modem(pytester):
    tests = """
def test_one(badline_modem):
    assert badline_modem.seed != 2

def test_none():
    pass

@pytest.fixture
def mine(badline_factory):
    return badline_factory("m95", seed=77)

def test_through_another(mine):
    assert mine.seed < 4
"""
    result = run(pytester, tests, "--badline-seeds", "1..3")
    result.assert_outcomes(passed=6, failed=1)
    result.stdout.fnmatch_lines(["FAILED *::test_one[[]seed2[]]*"])
    run(pytester, tests, "--badline-seeds", "3").assert_outcomes(passed=3)
    for wrong in ("x", "3..1", "1-3"):
        result = run(pytester, tests, "--badline-seeds", wrong)
        assert result.ret == 4
        result.stderr.fnmatch_lines(["*--badline-seeds*write A..B, such as 1..20*"])


def test_it_works_with_xdist(pytester):
    pytest.importorskip("xdist")
    tests = """
@pytest.mark.badline("sim7080")
def test_one(badline_modem):
    say(badline_modem, "AT")
    assert badline_modem.seed != 2
"""
    result = run(pytester, tests, "-n", "2", "--badline-seeds", "1..6", "--badline-artifacts", "kept")
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(["*- badline sim7080 (seed 2) -*", "*command  AT"])
    assert len(list((pytester.path / "kept").rglob("trace.jsonl"))) == 1


def test_no_modem_is_left_where_pytest_is_killed(pytester):
    tests = """
import signal
def test_it(badline_modem):
    open("pid", "w").write(str(badline_modem.pid))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    run(pytester, tests)
    pid = int((pytester.path / "pid").read_text())
    assert gone(pid)


def test_the_options_are_told(pytester):
    result = run(pytester, "", "--help")
    result.stdout.fnmatch_lines(["*--badline-seeds*", "*--badline-artifacts*"])
    run(pytester, "", "--markers").stdout.fnmatch_lines(["@pytest.mark.badline(profile, verdict=True, **options)*"])
