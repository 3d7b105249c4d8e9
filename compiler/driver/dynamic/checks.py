"""What cannot be had together with dynamic sizes."""

from __future__ import annotations

from collections.abc import Sequence

from ...capture import Probes
from ...diagnostics import UserError
from ...targets import Target
from ..calibration import MeasureInputs
from ..plan import PassPlan, leaves
from ..range_measuring import MeasureRanges


def check_dynamic(families: Sequence[Probes], plan: PassPlan, target: Target) -> None:
    """Checks that a target and the passes of a plan go with dynamic sizes, where a signature has any.

    Raises:
        UserError: the target wants fixed sizes, or a recipe looks at values.
    """
    if not families:
        return
    first = families[0]
    which = f"signature {first.signature!r}: {first.roots[0]} is dynamic"
    if target.static_shapes:
        raise UserError(
            f"{which}, and target {target.name} takes fixed sizes only: its delegate makes programs for the GPU "
            "when it loads the model. Give each size that is wanted a signature of its own"
        )
    if any(isinstance(each, MeasureInputs | MeasureRanges) for each in leaves(plan.tfl)):
        raise UserError(
            f"{which}, and the recipe looks at values of calibration_data, for which sizes must be fixed; take a "
            "recipe that quantises weights alone, such as dynamic_int8, or fix the sizes"
        )
