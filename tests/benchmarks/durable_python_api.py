"""The same rules through durable_rules' own Python API, to be measured beside the engine.

`durable.engine.Ruleset` alone, without its `Host`: no threads and no registry. Strata, facts and
conditions are those of the engine; each alternative is a rule with an action in Python, as the API
has it, and each evaluation has a session of its own, which is deleted. The API writes numbers with
`json.dumps`, and so refuses those that Python shows with an exponent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from durable.engine import Ruleset

from guidestep.engines.durable.engine import Evaluation
from guidestep.engines.durable.rulesets import Rules, lay
from guidestep.engines.durable.strata import plan
from guidestep.language.program import Program, Value, Verdict


def python_api_evaluator(program: Program) -> Callable[[Sequence[Value]], tuple[Verdict, ...]]:
    """Return a function from one patient's inputs to the verdicts."""
    layout = plan(program)
    rules = [lay(stratum.conditions) for stratum in layout.strata]
    evaluation = Evaluation(layout, rules)
    fired: list[str] = []
    rulesets = [_ruleset(each, fired) for stratum in rules for each in stratum]
    sids = count()

    def fire(number: int, fragments: str) -> str:
        ruleset, sid = rulesets[number], str(next(sids))
        fired.clear()
        state = ruleset.assert_fact(json.loads(f'{{"sid":"{sid}","z":1{fragments}}}'))
        failures: list[Any] = []
        ruleset.do_actions(state, lambda error, _: failures.append(error))
        ruleset.delete_state(sid)
        if failures != [None]:
            raise RuntimeError(f"the Python API failed: {failures}")
        return "".join(fired)

    return lambda inputs: evaluation.run(inputs, fire)


def _ruleset(rules: Rules, fired: list[str]) -> Ruleset:
    """Return the rules of one ruleset, each noting what it concludes."""
    definition: dict[str, Any] = {
        "opening": {"all": [{"m": {"z": 1}}], "dist": 0, "run": lambda c: None}
    }
    for number, (name, alternative) in enumerate(rules.alternatives):
        tests = [json.loads(str(literal)) for literal in alternative]
        definition[f"rule {number}"] = {
            "all": [{"m": tests[0] if len(tests) == 1 else {"$and": tests}}],
            "dist": 0,
            "run": _note(name, fired),
        }
    return Ruleset("peer", None, definition)


def _note(name: str, fired: list[str]) -> Callable[[Any], None]:
    return lambda c: fired.append(name)
