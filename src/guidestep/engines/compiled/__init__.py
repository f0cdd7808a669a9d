"""The compiled engine: a program as one generated Python function, and the trace of its answers.

It shares nothing with the forward-chaining engine but the program and the logic, so that each is
a check on the other.
"""

from guidestep.engines.compiled.engine import SUPPORTED, CompiledEngine
from guidestep.engines.compiled.functions import FUNCTIONS
from guidestep.engines.compiled.trace import TraceNode, trace

__all__ = ["FUNCTIONS", "SUPPORTED", "CompiledEngine", "TraceNode", "trace"]
