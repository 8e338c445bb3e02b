"""The watch meets modems that are fine, and modems that are not."""

import pytest
from gsmmodem.exceptions import CmeError, IncorrectPinError, InvalidStateException, TimeoutException
from watch import look, open_modem


@pytest.mark.parametrize("module", ["sim800", "sim7080", "m10", "m95", "nl668"])
def test_it_looks(badline_factory, module):
    network, strength = look(badline_factory(module).port)
    assert network and strength == 27


@pytest.mark.badline(scenario="locked.toml")
def test_it_enters_the_pin(badline_modem):
    assert look(badline_modem.port, pin="1234")[1] == 27


@pytest.mark.badline(scenario="locked.toml", verdict=False)
def test_a_wrong_pin_is_entered_once(badline_modem):
    with pytest.raises(IncorrectPinError):
        look(badline_modem.port, pin="0000")
    assert len(badline_modem.history("command", name="+CPIN", form="write")) == 1


@pytest.mark.badline("sim800")
def test_no_sim_is_told(badline_modem):
    badline_modem.inject(sim="out")
    with pytest.raises(CmeError, match="CME 10"):
        look(badline_modem.port)


@pytest.mark.badline("sim800")
def test_a_network_that_denies_is_told(badline_modem):
    badline_modem.inject(registration="denied")
    with pytest.raises(InvalidStateException, match="denied"):
        look(badline_modem.port)


@pytest.mark.badline("sim800")
def test_it_waits_for_the_network(badline_modem):
    badline_modem.inject(registration="searching", name="tunnel", for_="2s")
    assert look(badline_modem.port)[1] == 27
    assert badline_modem.wait_for("fault_lifted", name="tunnel")


@pytest.mark.badline("sim800")
def test_a_weak_signal_is_told(badline_modem):
    with badline_modem.fault(signal=2):
        assert look(badline_modem.port)[1] == 2


@pytest.mark.badline("sim800")
def test_an_answer_may_be_late(badline_modem):
    badline_modem.inject(late="2s", command="AT+CSQ")
    assert look(badline_modem.port)[1] == 27


@pytest.mark.badline("sim800")
@pytest.mark.parametrize("fault", [{"swallow": "answer", "command": "AT+CSQ"}, {"reset": "banner"}], ids=["silence", "reset"])
def test_silence_ends_in_time(badline_modem, fault):
    with open_modem(badline_modem.port) as modem:
        badline_modem.inject(**fault)
        with pytest.raises(TimeoutException):
            modem.signalStrength


@pytest.mark.badline("sim800")
@pytest.mark.xfail(strict=True, reason="the library's reader dies of octets that are no UTF-8")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_noise_on_the_line_is_got_over(badline_modem):
    with open_modem(badline_modem.port) as modem:
        badline_modem.inject(garble=2, skip=4, when={"command": "AT+CSQ"})
        with pytest.raises(TimeoutException):
            modem.signalStrength
        assert modem.signalStrength == 27
