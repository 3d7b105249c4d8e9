"""A target: the table of ops that the delegate behind it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..ir.hlo import composite_name
from ..ir.mlir import ir, op_name
from .weight_schemes import CPU_WEIGHTS, WeightTable

Check = Callable[[ir.OpView], str | None]
"""Why an op is not taken, or None if this check has nothing against it."""

Rows = Mapping[str, tuple[Check, ...]]

_COMPOSITE = "stablehlo.composite"


class Miscomputed(str):
    """Why an op that the delegate takes means something else there, or ends the process.

    Nothing keeps such an op from the delegate: where it matters, it must not be written.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Target:
    """Where a model is to run.

    Attributes:
        name: what the caller calls it (`cpu`).
        description: which runtime and delegate that is, in a line.
        rows: by full op name, the checks that an op must pass for the delegate to take it and to compute
            what it means. Ops without a row are left to the kernels of the runtime.
        composites: by name, the same for the composites that the delegate runs as one.
        emits: names of composites that legalisation leaves to the delegate, since they are no slower
            there than what they decompose to. All others are inlined.
        weights: which quantised weights it computes with.
        fits: whether the pass `fit-target` says ops another way until the delegate takes them, where
            it does not take them or would be wrong.
        static_shapes: whether all sizes must be known before the model runs.
    """

    name: str
    description: str
    rows: Rows = field(repr=False, hash=False)
    composites: Rows = field(default_factory=dict[str, tuple[Check, ...]], repr=False, hash=False)
    emits: frozenset[str] = frozenset()
    fits: bool = False
    static_shapes: bool = False
    weights: WeightTable = field(default=CPU_WEIGHTS, repr=False, hash=False)

    def why_not_delegated(self, op: ir.OpView) -> str | None:
        """Why the delegate leaves an op to the runtime; None if it takes it."""
        if op_name(op) == _COMPOSITE:
            name = composite_name(op)
            checks, unknown = self.composites.get(name), f"composite {name} is not known"
        else:
            checks, unknown = self.rows.get(op_name(op)), "the delegate has no such op"
        if checks is None:
            return unknown
        return next((reason for check in checks if (reason := check(op)) is not None), None)
