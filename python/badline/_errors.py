"""What can go wrong, in Badline's own words."""

from __future__ import annotations

from typing import Optional


class Error(Exception):
    """Something went wrong with a modem."""


class NotFound(Error):
    """The program `badline` is not there."""


class NotStarted(Error):
    """No modem came to be: a mistake in a file or an argument, or something that this machine refuses.

    The text is what the program said.
    """

    def __init__(self, text: str, status: Optional[int] = None) -> None:
        super().__init__(text)
        self.status = status
        """The status of the program; None where it did not end by itself."""


class Refused(Error):
    """A request that cannot be done."""

    def __init__(self, error: str, right: Optional[str] = None) -> None:
        super().__init__(f"{error}; {right}" if right else error)
        self.error = error
        """What is wrong with it."""
        self.right = right
        """What would be right, where that can be told."""


class Ended(Error):
    """The modem runs no more."""

    def __init__(self, text: str, status: Optional[int] = None, log: str = "") -> None:
        super().__init__("\n".join([text, log.rstrip()]) if log.strip() else text)
        self.status = status
        """The status of its process, as `subprocess` has it; None where that is not known."""
        self.log = log
        """What it said on standard error."""


class Timeout(Error, TimeoutError):
    """What was waited for did not happen in time."""


class Unmet(Error, AssertionError):
    """What the scenario expects of the host was not met."""


for _kind in (Error, NotFound, NotStarted, Refused, Ended, Timeout, Unmet):
    # As its user knows it.
    _kind.__module__ = "badline"
