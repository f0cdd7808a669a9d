"""The forward-chaining engine: a program as rules of durable_rules, fired stratum by stratum.

The C module of durable_rules is fast and right inside narrow limits, and wrong or dead outside
them. Every limit is kept by construction, each in the module that could break it:

- `facts`: what is written into a fact (numbers only, plain decimals, safe names, nothing unknown)
- `normal_form`: a condition as the alternatives that make it true and those that make it false
- `arithmetic`: numbers, dates and scores, which durable_rules cannot compute
- `strata`: which condition waits for which, laid out as `layout` has it
- `rulesets`: rules laid into rulesets, none of which can ever match too much at once
- `session`: the calls into the C module
- `engine`: one evaluation
"""

from guidestep.engines.durable.arithmetic import FUNCTIONS
from guidestep.engines.durable.engine import DurableEngine
from guidestep.engines.durable.strata import SUPPORTED

__all__ = ["FUNCTIONS", "SUPPORTED", "DurableEngine"]
