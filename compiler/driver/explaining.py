"""Where a composite is marked in a model, and where it nearly is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from litewright.lowering.torch_to_stablehlo import supported_ops
from litewright.passes.core import Misses, Pipeline

from ..capture import capture
from ..composites.module import CompositeModule
from ..composites.pattern import CompositePattern
from .extensions import effective
from .marking import check_composite, title_of, with_composites
from .plan import PassPlan
from .presets import FX


def explain(
    composite: CompositePattern | CompositeModule,
    module: torch.nn.Module,
    sample_args: Sequence[Any] = (),
    sample_kwargs: Mapping[str, Any] | None = None,
) -> Misses:
    """Tells where a composite is found in a model, and where it is not, and why.

    Args:
        composite: a pattern or a module class; it need not be registered.
        module: in evaluation mode.
        sample_args: positional arguments of `forward`.
        sample_kwargs: its keyword arguments.

    Returns:
        `applied_at` are the places where it is found; `ranked()` are those where it is not, with the reason
        and the line of the model where it stopped, the best partial match first. `str` of it is a report.

    Raises:
        UserError: `composite` cannot be marked, or as `litewright.convert`.
    """
    check_composite(composite)
    kept = supported_ops(effective().lowerings)
    program = capture("explain", module, tuple(sample_args), sample_kwargs or {}, kept=kept)
    plan = with_composites(PassPlan(FX), [composite])
    found = Misses(title_of(composite))
    Pipeline(plan.fx).run(program, (found,))
    return found
