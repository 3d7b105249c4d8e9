"""Rules that trace a JAX function: each becomes a composite named after its op."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from litewright.compiler.ir.cloning import inline
from litewright.compiler.ir.mlir import func, ir, run_passes
from litewright.compiler.ir.types import dtype_of, shape_of

from ..composites import Rule
from ..context import LoweringContext
from ..schema import as_composite, static_key

Spec = tuple[tuple[int, ...], np.dtype[Any]]


def from_jax(name: str) -> Rule:
    """A rule that traces the function `name` of `functions.py`.

    The function takes what the op takes, with JAX arrays for tensors; its results are cast to the
    dtypes of the op's.
    """

    def lower(ctx: LoweringContext, *args: Any, **kwargs: Any) -> list[ir.Value] | ir.Value:
        def build(
            call: Sequence[Any], named: dict[str, Any], kinds: Sequence[ir.Type]
        ) -> list[ir.Value]:
            return _traced(name, call, named, kinds)

        return as_composite(ctx, args, kwargs, build)

    return lower


def _traced(
    name: str, args: Sequence[Any], kwargs: dict[str, Any], results: Sequence[ir.Type]
) -> list[ir.Value]:
    """Inlines what the function traces to, at the current insertion point."""
    operands = [a for a in (*args, *kwargs.values()) if isinstance(a, ir.Value)]
    specs = tuple((shape_of(v), dtype_of(v)) for v in operands)
    static = static_key(args, kwargs)
    text = _text(name, static, specs, tuple(dtype_of(kind) for kind in results))
    module = ir.Module.parse(text)
    # What is of CHLO alone would need a rule of its own in legalisation.
    run_passes(module, "func.func(chlo-legalize-to-stablehlo)")
    functions = {op.name.value: op for op in module.body.operations if isinstance(op, func.FuncOp)}
    index = {n: f for n, f in functions.items() if n != "main"}
    values = inline(functions["main"], operands, index)
    return [_fitted(value, kind) for value, kind in zip(values, results, strict=True)]


def _fitted(value: ir.Value, kind: ir.Type) -> ir.Value:
    assert value.type == kind, f"traced to {value.type} instead of {kind}"
    return value


@functools.lru_cache(maxsize=256)
def _text(
    name: str, static: object, specs: tuple[Spec, ...], results: tuple[np.dtype[Any], ...]
) -> str:
    """The StableHLO of a function, as text: JAX has a context of its own."""
    functions = importlib.import_module(".functions", __package__)
    return functions.stablehlo_of(name, static, specs, results)
