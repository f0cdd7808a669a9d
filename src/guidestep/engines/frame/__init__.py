"""The frame engine: a program over the columns of any data frame that Narwhals reads."""

from guidestep.engines.frame.engine import (
    FUNCTIONS,
    SUPPORTED,
    Bounds,
    Evaluated,
    FrameEngine,
    LazyFrame,
)

__all__ = ["FUNCTIONS", "SUPPORTED", "Bounds", "Evaluated", "FrameEngine", "LazyFrame"]
