"""A target: the table of ops that the delegate behind it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..ir.mlir import ir, op_name

Check = Callable[[ir.OpView], str | None]
"""Why an op is not taken, or None if this check has nothing against it."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a model is to run.

    Attributes:
        name: what the caller calls it (`cpu`).
        description: which runtime and delegate that is, in a line.
        rows: by full op name, the checks that an op must pass for the delegate to take it. Ops without
            a row are left to the kernels of the runtime.
    """

    name: str
    description: str
    rows: Mapping[str, tuple[Check, ...]] = field(repr=False, hash=False)

    def why_not_delegated(self, op: ir.OpView) -> str | None:
        """Why the delegate leaves a tfl op to the runtime; None if it takes it."""
        checks = self.rows.get(op_name(op))
        if checks is None:
            return "the delegate has no such op"
        return next((reason for check in checks if (reason := check(op)) is not None), None)
