"""The table of rules: every family's rows, merged here and nowhere else."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable
from types import MappingProxyType

from litewright.compiler.composites.define import DEFINITIONS
from litewright.compiler.diagnostics import InternalError, UserError
from litewright.compiler.ir.torch_ops import Op

from .composites import Rule
from .defined import defined
from .rules import (
    activation,
    attention,
    comparison,
    complex_numbers,
    convolution,
    creation,
    elementwise,
    indexing,
    linear_algebra,
    long_tail,
    normalization,
    ordering,
    pooling,
    reduction,
    resizing,
    running,
    scattering,
    shape,
)

Row = tuple[Op, Rule]

FAMILIES = MappingProxyType(
    {
        "Elementwise": elementwise.RULES,
        "Activation": activation.RULES,
        "Comparison and logic": comparison.RULES,
        "Complex numbers": complex_numbers.RULES,
        "Linear algebra": linear_algebra.RULES,
        "Convolution": convolution.RULES,
        "Normalisation": normalization.RULES,
        "Attention": attention.RULES,
        "Pooling": pooling.RULES,
        "Resizing": resizing.RULES,
        "Shape": shape.RULES,
        "Indexing": indexing.RULES,
        "Writing at indices": scattering.RULES,
        "Reduction": reduction.RULES,
        "Running results": running.RULES,
        "Ordering": ordering.RULES,
        "Creation": creation.RULES,
        "Traced from JAX": long_tail.RULES,
    }
)


@functools.cache
def rules(more: tuple[Row, ...] = ()) -> MappingProxyType[Op, Rule]:
    """The rule of every supported op.

    Args:
        more: rows that others have added.

    Raises:
        UserError: one of them is for an op that has a rule already.
    """
    rows = merge(row for family in FAMILIES.values() for row in family)
    own = MappingProxyType(
        {
            op: rule if op in complex_numbers.TAKES_COMPLEX else complex_numbers.of_reals(rule)
            for op, rule in rows.items()
        }
    )
    for op, _ in more:
        if op in own:
            raise UserError(f"{op} has a lowering already; lowerings cannot be replaced")
    return merge((*own.items(), *more)) if more else own


def merge(rows: Iterable[Row]) -> MappingProxyType[Op, Rule]:
    """The rows as a table.

    Raises:
        InternalError: an op has two rules.
    """
    listed = list(rows)
    twice = [str(op) for op, n in Counter(op for op, _ in listed).items() if n > 1]
    if twice:
        raise InternalError(f"more than one lowering rule for {', '.join(twice)}")
    return MappingProxyType(dict(listed))


def rules_with_composites(more: tuple[Row, ...] = ()) -> MappingProxyType[Op, Rule]:
    """The rule of every op that can be lowered, those among them that were made of functions.

    Raises:
        UserError: as `rules` does.
    """
    known = rules(more)
    made = {op: defined for op in DEFINITIONS.ops() if op not in known}
    return MappingProxyType({**made, **known})


def supported_ops(more: tuple[Row, ...] = ()) -> frozenset[Op]:
    """The ops that have a rule; capture keeps them whole."""
    return frozenset(rules_with_composites(more))
