"""What `convert(quant_config=...)` takes, and the pass that it adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from litewright.passes.core import (
    CheckHonesty,
    CheckInterface,
    CheckVerified,
    EliminateCommonSubexpressions,
    Pass,
    Pipeline,
)
from litewright.passes.stablehlo.fold_input_scales import FoldInputScales
from litewright.passes.tfl.equalise_inputs import EqualiseInputs
from litewright.passes.tfl.fuse_quantized import FuseQuantized
from litewright.passes.tfl.keep_integers import KeepIntegers
from litewright.passes.tfl.look_up_rows import LookUpRows
from litewright.passes.tfl.quantize_activations import QuantizeActivations
from litewright.passes.tfl.quantize_state import QuantizeState
from litewright.passes.tfl.quantize_weights import (
    QuantizeWeights,
    integers_already,
    notes_of,
)
from litewright.passes.tfl.show_integers import ShowIntegers
from litewright.passes.tfl.split_tables import SplitTables

from ..diagnostics import UserError
from ..ir import mlir
from ..ir.observer import Observer
from ..ir.program import Program
from ..ir.verify import verify
from ..quantize.recipe import Recipe
from ..quantize.recipes import recipe_of
from ..quantize.specs import CALIBRATED, QuantSpec
from ..targets import XNNPACK, Target
from .calibration import CalibrationData, MeasureInputs, replayable
from .loading import stage_of
from .plan import PassPlan, mapped
from .range_measuring import MeasureRanges
from .stages import Progress

QuantConfig = Recipe | QuantSpec | str | Path
"""A recipe, a spec for all weights, the name of a ready recipe, or a JSON file."""

# Of the passes that `with_recipe` adds.
CHANGES_INTERFACE = frozenset({"quantize-state", "show-integers"})


def with_recipe(
    plan: PassPlan,
    quant_config: QuantConfig | None,
    calibration_data: CalibrationData | None = None,
    progress: Progress | None = None,
) -> PassPlan:
    """The plan with a recipe's passes behind all others: those fold into weights what they can before.

    Raises:
        UserError: it is no recipe, there is none of that name, or there is data and no recipe.
    """
    if quant_config is None:
        if calibration_data is not None:
            raise UserError("calibration_data is for a recipe: give quant_config too")
        return plan
    given: Any = quant_config
    if not isinstance(given, Recipe | QuantSpec | str | Path):
        raise UserError(
            f"quant_config is {given!r}: give a recipe of litewright.quantize, the name of one, or a JSON file"
        )
    recipe = recipe_of(given)
    if recipe.measures_ranges and calibration_data is None:
        raise UserError(
            f"{recipe.name} finds scales of activations on data: give convert(calibration_data=...) some "
            "samples of the model's inputs, a tuple each; on the command line, --calibration FILE.npz, and "
            "--calibration-text FILE of export-hf"
        )
    behind = _passes(recipe, calibration_data, progress)
    kept = [each for each in plan.tfl if isinstance(each, KeepIntegers)]
    # A recipe decides about integers that kernels would get wrong; those that it leaves are unpacked.
    before = mapped(
        plan.tfl, lambda p: replace(p, unpack=False) if isinstance(p, KeepIntegers) else p
    )
    return replace(_unfolded(plan, recipe), tfl=(*before, *behind, *kept))


def quantize(
    program: Program,
    quant_config: QuantConfig,
    calibration_data: CalibrationData | None = None,
    progress: Progress | None = None,
    target: Target = XNNPACK,
) -> list[str]:
    """Quantises a tfl program, from a file of whichever tool, in place.

    Args:
        program: on tfl.
        quant_config: how.
        calibration_data: samples, for recipes that look at values.
        progress: told that calibration goes on.
        target: who computes with the weights.

    Returns:
        What was asked for and could not be given, a line a weight.

    Raises:
        UserError: it is no recipe, or a rule of it finds nothing; or the program is not tfl.
    """
    if stage_of(program) != "tfl":
        raise UserError("weights are quantised on tfl: give a .tflite, or text of that level")
    # Other tools gather the rows of tables.
    plan = with_recipe(PassPlan(tfl=(LookUpRows(),)), quant_config, calibration_data, progress)
    passes = mapped(
        plan.tfl, lambda p: replace(p, target=target) if isinstance(p, QuantizeWeights) else p
    )
    with mlir.use(program.context):
        before = integers_already(program)
        Pipeline(passes).run(program, _checks())
        kept = [name for name in integers_already(program) if name in before]
        return [*notes_of(program), *_told(kept)]


def _told(kept: Sequence[str]) -> list[str]:
    if not kept:
        return []
    more = f" and {len(kept) - 1} more" if len(kept) > 1 else ""
    return [f"{kept[0]}{more}: integers already, which stay as they are; quantise the float model"]


def _checks() -> Sequence[Observer[Program]]:
    return (CheckInterface(CHANGES_INTERFACE), CheckVerified(verify), CheckHonesty())


def _passes(
    recipe: Recipe, data: CalibrationData | None, progress: Progress | None
) -> tuple[Pass[Program], ...]:
    """What a recipe adds, in order."""
    passes: list[Pass[Program]] = []
    equalises = any(rule.equalise for rule in recipe.rules)
    looks_twice = recipe.measures_ranges and (equalises or _is_calibrated(recipe))
    if data is not None and looks_twice:
        data = replayable(data)
    if any(rule.first_rows for rule in recipe.rules):
        passes.append(SplitTables(recipe))
    if data is not None:
        passes.append(MeasureInputs(recipe, data, progress))
    if equalises:
        passes.append(EqualiseInputs(recipe))
    # Behind it: the ranges are those of what it has made.
    if data is not None and recipe.measures_ranges:
        passes.append(MeasureRanges(recipe, data, progress))
    passes.append(QuantizeWeights(recipe))
    if recipe.measures_ranges:
        # Behind the weights, whose scales decide which scales kernels take. The state comes first: what
        # computes on it in integers wants its scales.
        passes += [QuantizeState(recipe), QuantizeActivations(recipe), FuseQuantized()]
        # What was made once for each reader, such as the parts of a SPLIT.
        passes.append(EliminateCommonSubexpressions())
    if recipe.interface == "integer":
        passes.append(ShowIntegers())
    return tuple(passes)


def _is_calibrated(recipe: Recipe) -> bool:
    return any(rule.spec is not None and rule.spec.algorithm in CALIBRATED for rule in recipe.rules)


def _unfolded(plan: PassPlan, recipe: Recipe) -> PassPlan:
    """The plan without the pass that moves factors of input channels, norm weights, into matrices.

    There they make columns of unequal size out of equal ones, which then share a scale: on a small language
    model the loss by 4 bits was one and a half times as large, and by 8 bits a thirtieth larger.
    """
    coarse = any(rule.spec is not None and rule.spec.is_integer for rule in recipe.rules)
    names = [name for name in plan.names("stablehlo") if name == FoldInputScales().name]
    return plan.without(*names) if coarse and names else plan
