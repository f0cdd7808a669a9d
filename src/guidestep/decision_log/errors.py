"""What can go wrong with a decision log, said without a word of what was to be kept."""

from __future__ import annotations


class LogError(Exception):
    """A log that cannot be used as it was asked for; `hint` says what to do, and may be empty.

    The text never holds a patient's data, a password or an identifier.

    >>> print(LogError("there is no log", "guidestep log needs --log URL"))
    there is no log; guidestep log needs --log URL
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class LogUnavailable(LogError):  # noqa: N818 (it is the log that is unavailable)
    """The log could not keep a record, or could not be read: nothing was acknowledged.

    Where a commit was cut off the record may still have been kept; handing in the same decision
    again (the same `id`) never keeps it twice.
    """


class UnknownSchema(LogError):  # noqa: N818
    """The tables are of a version that this version of guidestep does not know."""
