"""What can go wrong inside an engine: never a verdict, always an exception."""

from __future__ import annotations

from collections.abc import Iterable

from guidestep.language.program import Verdict
from guidestep.logic import word


class EngineError(RuntimeError):
    """An engine could not load a program or could not answer: there is no verdict."""


class EngineDisagreement(EngineError):  # noqa: N818 (a name of the public face)
    """The two engines found different verdicts for the same patient: neither is given.

    `differences` holds, for each definition they differ on, its name, the verdict of durable_rules
    and the verdict of the compiled engine.

    >>> print(EngineDisagreement([("fever", True, None)]))
    the engines disagree on 1 definition, so there is no answer:
      fever: durable_rules found true, the compiled engine found unknown
    """

    def __init__(self, differences: Iterable[tuple[str, Verdict, Verdict]]) -> None:
        self.differences = tuple(differences)
        count = len(self.differences)
        lines = [
            f"the engines disagree on {count} definition{'' if count == 1 else 's'}, "
            "so there is no answer:",
            *(
                f"  {name}: durable_rules found {_words(durable)}, "
                f"the compiled engine found {_words(compiled)}"
                for name, durable, compiled in self.differences
            ),
        ]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.differences,)


def _words(verdict: Verdict) -> str:
    """Return a verdict as it is read aloud."""
    if verdict is None or isinstance(verdict, bool):
        return word(verdict)
    if isinstance(verdict, tuple):
        return f"{verdict[0]} to {verdict[1]}"
    return str(verdict)
