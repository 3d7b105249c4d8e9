"""The order of everything, in one place. Read it from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from litewright.passes.core import EliminateCommonSubexpressions, Repeat, Rule
from litewright.passes.fx.mark_boundaries import MarkBoundaries
from litewright.passes.fx.mark_modules import MarkModules
from litewright.passes.fx.mark_patterns import MarkPatterns
from litewright.passes.fx.merge_equal_nodes import MergeEqualNodes
from litewright.passes.fx.remove_identities import RemoveIdentities
from litewright.passes.fx.remove_unused_nodes import RemoveUnusedNodes
from litewright.passes.stablehlo.assign_layout import AssignLayout
from litewright.passes.stablehlo.fold_constants import FoldConstants
from litewright.passes.stablehlo.fold_input_scales import FoldInputScales
from litewright.passes.stablehlo.fold_weights import FoldWeights
from litewright.passes.stablehlo.inline_composites import InlineComposites
from litewright.passes.stablehlo.simplify import Simplify
from litewright.passes.stablehlo.split_complex import SplitComplex
from litewright.passes.tfl.absorb_broadcasts import AbsorbBroadcasts
from litewright.passes.tfl.absorb_repeats import AbsorbRepeats
from litewright.passes.tfl.absorb_reshapes import AbsorbReshapes
from litewright.passes.tfl.absorb_transposes import AbsorbTransposes
from litewright.passes.tfl.fit_target import FitTarget
from litewright.passes.tfl.fold_indices import FoldIndices
from litewright.passes.tfl.fold_negations import FoldNegations
from litewright.passes.tfl.fold_scales import FoldScales
from litewright.passes.tfl.fuse_activations import FuseActivations
from litewright.passes.tfl.fuse_biases import FuseBiases
from litewright.passes.tfl.fuse_gelu import FuseGelu
from litewright.passes.tfl.fuse_projections import FuseProjections
from litewright.passes.tfl.fuse_quantized import FuseQuantized
from litewright.passes.tfl.fuse_rotations import FuseRotations
from litewright.passes.tfl.hoist_scales import HoistScales
from litewright.passes.tfl.keep_integers import KeepIntegers
from litewright.passes.tfl.keep_read_values import KeepReadValues
from litewright.passes.tfl.look_up_rows import LookUpRows
from litewright.passes.tfl.merge_constants import MergeConstants
from litewright.passes.tfl.move_integers import MoveIntegers
from litewright.passes.tfl.quantize_weights import QuantizeWeights
from litewright.passes.tfl.shrink_constants import ShrinkConstants
from litewright.passes.tfl.simplify_reductions import SimplifyReductions
from litewright.passes.tfl.simplify_shapes import SimplifyShapes
from litewright.passes.tfl.sink_transposes import SinkTransposes
from litewright.passes.tfl.unstride_slices import UnstrideSlices

from ..targets import TARGETS, Target
from .marking import known_composites, with_known_composites, with_patterns
from .plan import AnyPass, PassPlan, mapped

FX = (
    # Assertions read values that composites are to hide, and copies stand between what is to be found.
    RemoveUnusedNodes(),
    RemoveIdentities(),
    # The code says which ops are meant; nothing may be merged across a border before.
    MarkBoundaries(),
    MarkModules(),
    # Among what is left.
    MarkPatterns(common=True),
    # What models and torch's decompositions compute twice.
    MergeEqualNodes(),
)

STABLEHLO = (
    # First, so that no pass behind it has to know complex numbers: tables of them fold as real ones.
    SplitComplex(),
    # What nobody knows as a whole is to fold and fuse like anything else.
    InlineComposites(known_composites(TARGETS[0])),
    # Fewer ops for all that follows, and each table computed once.
    EliminateCommonSubexpressions(),
    # Simplified first, so that no bytes are made of what cancels out; and again, since a table may turn out to
    # be all ones or a mask all true, and places of a look-up to be in order.
    Repeat((Simplify(), FoldConstants())),
    # Behind the folding of constants, which are the other operands of what is done to weights.
    FoldWeights(),
    # Wants factors and matrices in the form that they have now: weights and constants.
    FoldInputScales(),
    # Last: it turns what is left, and constants and weights for nothing.
    AssignLayout(),
)

TFL = (
    # Legalisation spells every index, shape and table anew; fewer ops for all that follows.
    EliminateCommonSubexpressions(),
    # What turns to SLICE and RESHAPE does so before these are merged.
    FoldIndices(),
    UnstrideSlices(),
    # Constants in their final shape, then broadcasts: these hide the biases and scalars that all
    # other passes look for.
    SimplifyShapes(),
    AbsorbBroadcasts(),
    # Behind them, so that what a folded bias meets has its own shape; before biases are looked for.
    ShrinkConstants(),
    # Divisors are one number now.
    SimplifyReductions(),
    # Its numbers are scalars now, and nothing has been folded into or hoisted out of it yet.
    FuseGelu(),
    # The factors of joined values are in their smallest form now.
    FoldNegations(),
    # Transposes around convolutions must meet before anything can be fused into these.
    Repeat((SinkTransposes(), SimplifyShapes())),
    # Scales before biases before activations: that is the order in which a kernel applies them, and
    # each ends the search for the one before. Batch-norms leave a scale behind a bias behind a scale.
    # Factors that no product takes merge with those that they meet.
    Repeat((HoistScales(), FoldScales(), MergeConstants(), FuseBiases())),
    # One table of signed sines instead of one per rotation: what is rotated alike is found by its tables.
    EliminateCommonSubexpressions(),
    # Scales are gone, so that queries are rotated as keys are; what is joined is then cut, and what is cut
    # can be rotated together.
    FuseProjections(),
    FuseRotations(),
    # Heads are repeated before or behind the transpose that a product is to read through.
    Repeat((AbsorbRepeats(), AbsorbTransposes())),
    # What joining, cutting and grouping heads has put beside other reshapes.
    SimplifyShapes(),
    # Behind all that looks for values of one shape on both sides of an op, and the biases above all.
    AbsorbReshapes(),
    # Behind scales and biases, which a kernel applies before its activation.
    FuseActivations(),
    # Behind what folds and moves GATHERs; a recipe quantises tables that are looked up alone.
    LookUpRows(),
    # Last, so that what it says another way for a delegate's sake is said of the final ops; and what it
    # writes around neighbours cancels out.
    FitTarget(),
    SimplifyShapes(),
    # Moves are where they stay; what computes in integers, behind them all, looks for neighbours.
    MoveIntegers(),
    # What passes have written once for each layer, such as a mask for groups of queries.
    EliminateCommonSubexpressions(),
    # Nothing may move or merge ops behind it.
    KeepReadValues(),
    # Behind all that joins and cuts weights; a recipe, behind it, takes what is left as floats.
    KeepIntegers(),
    # Behind all that looks for ops of floats and joins them.
    FuseQuantized(),
)

DEFAULT = PassPlan(FX, STABLEHLO, TFL)

# Passes make a model good; none is needed for it to be right.
EMPTY = PassPlan()


def for_target(plan: PassPlan, target: Target, legalisations: Sequence[Rule] = ()) -> PassPlan:
    """A plan whose passes know the target, those of them that want to."""
    # By name where it has one, so that the pass can be written in a pipeline.
    known = target.name if target in TARGETS else target

    def informed(item: AnyPass) -> AnyPass:
        is_told = isinstance(item, FitTarget | QuantizeWeights | KeepIntegers)
        return replace(item, target=known) if is_told else item

    marking = with_known_composites(with_patterns(plan, target), target, legalisations)
    # Where kernels multiply floats whatever they are given, what is rounded is floats again in front of them.
    wanted = [
        each
        for each in plan.tfl
        if not (target.weights.unpacks and isinstance(each, MoveIntegers | FuseQuantized))
    ]
    return replace(marking, tfl=mapped(wanted, informed))
