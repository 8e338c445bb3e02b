"""Badline: a cellular modem that fails on cue.

    import badline

    with badline.Modem("sim7080", files={"firmware.bin": bytes(5000)}) as modem:
        with modem.fault(stall="down", when={"verb": "RETR"}):
            my_host(modem.port)
        modem.wait_for("urc", line="+FTPGET: 1,64")

`badline.aio` has the same for asyncio. For pytest there are the fixtures `badline_modem` and `badline_factory`.
"""

from ._answers import Answer, Coverage, Expectation, FaultStatus, Record, Status, Verdict
from ._control import Control, Fault, Trace
from ._errors import Ended, Error, NotFound, NotStarted, Refused, Timeout, Unmet
from ._modem import Modem
from ._process import Options
from ._process import find as program

__all__ = [
    "Answer",
    "Control",
    "Coverage",
    "Ended",
    "Error",
    "Expectation",
    "Fault",
    "FaultStatus",
    "Modem",
    "NotFound",
    "NotStarted",
    "Options",
    "Record",
    "Refused",
    "Status",
    "Timeout",
    "Trace",
    "Unmet",
    "Verdict",
    "program",
]
