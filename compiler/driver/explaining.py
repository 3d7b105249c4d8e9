"""Where a composite is marked in a model, and where it nearly is; and marks in exported programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from litewright.lowering.torch_to_stablehlo import supported_ops
from litewright.passes.core import Misses, Pipeline
from litewright.passes.fx.marking.insert_marks import insert_marks

from ..capture import capture
from ..composites.module import CompositeModule
from ..composites.pattern import CompositePattern
from .extensions import effective
from .marking import check_composite, title_of, with_composites
from .plan import PassPlan
from .presets import FX


def mark_pattern(
    graph_module: torch.fx.GraphModule, pattern: CompositePattern
) -> torch.fx.GraphModule:
    """Marks a pattern in the graph of an exported program, in place.

        exported = torch.export.export(model, args)
        mark_pattern(exported.graph_module, pattern)
        litewright.compile({"main": exported})

    The marks are those of a `StableHLOCompositeBuilder`. `compile(..., composites=[pattern])` says the same
    without changing the program.

    Returns:
        The graph module that was given.

    Raises:
        UserError: the pattern cannot be looked for.
    """
    insert_marks(graph_module.graph, pattern)
    graph_module.recompile()
    return graph_module


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
