"""Composites and the private functions that hold their decompositions."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.torch_ops import Op
from litewright.compiler.ir.types import element_type

Attribute = bool | int | float | str | tuple[bool, ...] | tuple[int, ...] | tuple[float, ...]
Lowered = ir.Value | Sequence[ir.Value | None]
Rule = Callable[..., Lowered]
Decompose = Callable[..., ir.Value | Sequence[ir.Value]]


@dataclass(frozen=True, slots=True)
class CompositeKey:
    """What makes two decompositions the same function.

    Attributes:
        name: of the composite.
        attributes: sorted by name.
        operands: types; None for an operand that is absent.
        results: types.
        form: what else the decomposition depends on.
    """

    name: str
    attributes: tuple[tuple[str, Attribute], ...]
    operands: tuple[ir.Type | None, ...]
    results: tuple[ir.Type, ...]
    form: Hashable = ()


@dataclass(eq=False, slots=True)
class ModuleBuilder:
    """A module that is being written.

    Attributes:
        module: where functions go.
        rules: how each op is lowered.
        decompositions: names of the private functions, by what they compute.
    """

    module: ir.Module
    rules: Mapping[Op, Rule]
    decompositions: dict[CompositeKey, str] = field(default_factory=dict[CompositeKey, str])


def composite(
    builder: ModuleBuilder,
    key: CompositeKey,
    operands: Sequence[ir.Value | None],
    decompose: Decompose,
) -> list[ir.Value]:
    """Writes a composite; its decomposition too, where there is no equal one yet."""
    if key not in builder.decompositions:
        builder.decompositions[key] = _function(builder.module, key, decompose)
    attributes = {name: attribute(value) for name, value in key.attributes}
    present = [each for each in operands if each is not None]
    return hlo.composite(key.name, present, key.results, attributes, builder.decompositions[key])


def attribute(value: Attribute) -> ir.Attribute:
    """The MLIR attribute of a Python value: bool, i64, f32, string, array of bool, i64 or f32."""
    match value:
        case bool():
            return ir.BoolAttr.get(value)
        case int():
            return ir.IntegerAttr.get(element_type("i64"), value)
        case float():
            return ir.FloatAttr.get(element_type("f32"), value)
        case str():
            return ir.StringAttr.get(value)
        case tuple() if value and all(isinstance(each, bool) for each in value):
            return ir.DenseBoolArrayAttr.get([bool(each) for each in value])
        case tuple() if any(isinstance(each, float) for each in value):
            return ir.DenseF32ArrayAttr.get([float(each) for each in value])
        case tuple():
            return ir.DenseI64ArrayAttr.get([int(each) for each in value])


def _function(module: ir.Module, key: CompositeKey, decompose: Decompose) -> str:
    def build(arguments: Sequence[ir.Value]) -> Sequence[ir.Value]:
        given = iter(arguments)
        operands = [None if kind is None else next(given) for kind in key.operands]
        values = decompose(*operands)
        return [values] if isinstance(values, ir.Value) else list(values)

    present = [kind for kind in key.operands if kind is not None]
    return hlo.private_function(module, key.name, present, build)
