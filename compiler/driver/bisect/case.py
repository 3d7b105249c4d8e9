"""What a step does to results, and a small program that it makes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from litewright.compiler.diagnostics import UserError
from litewright.compiler.inspect.differences import Difference, worst
from litewright.compiler.ir.mlir import Array

from ..options import Options
from .cuts import Unit
from .steps import Step

Inputs = Mapping[str, Array]

REFUSED = "the runtime"


def difference_after(
    step: Step, unit: Unit, inputs: Inputs, expected: Inputs, tolerance: float
) -> Difference:
    """How far the results after a step are off; infinitely, if it does not run."""
    try:
        actual = step.run_after(unit, inputs)
    except UserError as error:
        message = str(error).splitlines()[0]
        return Difference(REFUSED, float("inf"), expected="results", actual=f"{message!r}")
    return worst(expected, actual, tolerance) or Difference("", 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A small program that a step makes wrong: what a reproducer is written from.

    Attributes:
        step: the step.
        part: the program before it.
        inputs: what it is run on.
        tolerance: what is taken for rounding.
        options: of the conversion.
    """

    step: Step
    part: Unit
    inputs: Inputs
    tolerance: float
    options: Options
