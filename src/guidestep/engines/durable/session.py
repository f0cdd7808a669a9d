"""The calls into the C module of durable_rules, each answer checked.

One session lives as long as its engine: to make a session costs 0.3 microseconds a rule, more
than to use it. What keeps one patient out of the next one's evaluation is durable_rules itself:
the fact of a ruleset has always the same identity, and a second one is refused while the first is
there (`OBSERVED`). Each fact is taken back when it has been answered, and at the first irregular
sign the whole session is deleted.

A rule of each ruleset fires before anything else: durable_rules frees pointers that only a firing
sets, so that deleting a session in which nothing fired can kill the process.

There is one session a ruleset, so no two can be confused by their 32-bit hashes.
"""

from __future__ import annotations

from collections.abc import Sequence

from durable_rules_engine import (
    assert_fact,
    complete_and_start_action,
    create_ruleset,
    delete_ruleset,
    delete_state,
    retract_fact,
    start_action_for_state,
)

from guidestep.engines.durable.rulesets import OPENING, Rules
from guidestep.engines.errors import EngineError

HANDLED, NOT_HANDLED, OBSERVED = 0, 1, 2

_SID = "0"
_START = f'{{"sid":"{_SID}","id":"f"'
_RETRACT = _START + "}"
_OPEN = f'{{"sid":"{_SID}","id":"z","z":1}}'
_CLOSE = f'{{"sid":"{_SID}","id":"z"}}'

# The message of a firing, {"r":[{"a":FACT},{"B":FACT}]}: the names stand at equal distances.
_FIRST = len('{"r":[{"')
_FRAME = len('{"a":},')
_AROUND = len('{"r":[') + len("]}") - len(",")


class Session:
    """The rulesets of one engine and their session; not for two threads at a time.

    Raises `EngineError` where durable_rules answers anything but what is expected of it.
    """

    def __init__(self, rules: Sequence[Rules]) -> None:
        self._rulesets: list[int] = []
        self._opened: list[int] = []
        self._is_open = False
        try:
            for each in rules:
                self._rulesets.append(create_ruleset("guidestep", str(each)))
            self.open()
        except BaseException as fault:
            self.free()
            if isinstance(fault, Exception) and not isinstance(fault, EngineError):
                raise EngineError(f"durable_rules did not load the rules: {fault}") from fault
            raise

    def open(self) -> None:
        """Make sure that the session is there, and that a rule has fired in each ruleset."""
        if self._is_open:
            return
        for ruleset in self._rulesets:
            code, state = assert_fact(ruleset, _OPEN)
            if code != HANDLED:
                raise EngineError(f"durable_rules answered {code} to the opening of a session")
            if self._drain(ruleset, state, len(_OPEN)) != OPENING:
                raise EngineError("durable_rules did not fire the rule that opens a session")
            self._opened.append(ruleset)
            retract_fact(ruleset, _CLOSE)
        self._is_open = True

    def fire(self, number: int, fragments: str) -> str:
        """Assert a fact in a ruleset and return the names of the alternatives that matched.

        A name is one letter. One that several alternatives have may come several times.
        """
        ruleset = self._rulesets[number]
        fact = f"{_START}{fragments}}}"
        code, state = assert_fact(ruleset, fact)
        if code == NOT_HANDLED:
            return ""
        if code != HANDLED:
            raise EngineError(f"durable_rules answered {code} to a fact")
        names = self._drain(ruleset, state, len(fact))
        code, _ = retract_fact(ruleset, _RETRACT)
        if code != HANDLED:
            raise EngineError(f"durable_rules answered {code} to the retraction of a fact")
        return names

    @staticmethod
    def _drain(ruleset: int, state: int, length: int) -> str:
        """Fire until nothing is left to fire, given the length of the fact."""
        started = start_action_for_state(ruleset, state)
        if started is None:
            raise EngineError("durable_rules handled a fact, but fires nothing")
        message = started[1]
        frame = length + _FRAME
        names = ""
        while message is not None:
            if (len(message) - _AROUND) % frame:
                raise EngineError("durable_rules sent a message that is not made of the fact")
            names += message[_FIRST::frame]
            message = complete_and_start_action(ruleset, state)
        return names

    def close(self) -> None:
        """Delete the session with all it holds; the next evaluation opens a new one."""
        self._is_open = False
        while self._opened:
            delete_state(self._opened.pop(), _SID)

    def free(self) -> None:
        """Delete the session and the rulesets."""
        self.close()
        while self._rulesets:
            delete_ruleset(self._rulesets.pop())
