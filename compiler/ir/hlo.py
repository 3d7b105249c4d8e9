"""Builders for the StableHLO ops that lowerings and passes write, and readers of their attributes.

Every builder takes values and Python numbers, infers the result type, and inserts at the current
insertion point with the current location. Binary ops want equal shapes: `broadcast` first.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np

from .mlir import Array, func, ir, op_name, stablehlo
from .types import array_of, dense, dtype_of, element_of, element_type, shape_of, tensor_type

Unary = Literal[
    "abs", "ceil", "cosine", "erf", "exponential", "exponential_minus_one", "floor", "log",
    "log_plus_one", "logistic", "negate", "not", "round_nearest_even", "rsqrt", "sign", "sine", "sqrt",
    "tanh",
]  # fmt: skip
Binary = Literal[
    "add", "and", "divide", "maximum", "minimum", "multiply", "atan2", "or", "power", "remainder",
    "shift_left", "shift_right_arithmetic", "shift_right_logical", "subtract", "xor",
]  # fmt: skip
Comparison = Literal["EQ", "NE", "GE", "GT", "LE", "LT"]
Reduction = Literal["add", "maximum", "minimum", "multiply", "and", "or"]


def _create(
    name: str,
    operands: Sequence[ir.Value],
    results: Sequence[ir.Type],
    attributes: Mapping[str, ir.Attribute] | None = None,
    regions: int = 0,
) -> ir.Operation:
    return ir.Operation.create(
        name,
        results=list(results),
        operands=list(operands),
        attributes=dict(attributes or {}),
        regions=regions,
    )


def _ints(values: Sequence[int]) -> ir.Attribute:
    return ir.DenseI64ArrayAttr.get(list(values))


# ---- constants -----------------------------------------------------------------------------------


def constant(array: Array) -> ir.Value:
    """`stablehlo.constant` with the array's own element type."""
    attribute = dense(np.asarray(array))
    return _create("stablehlo.constant", [], [attribute.type], {"value": attribute}).result


def splat(number: complex, shape: Sequence[int], element: ir.Type) -> ir.Value:
    """A constant tensor that is `number` everywhere; a complex one is made of two real ones.

    The bindings of MLIR (jaxlib 0.10) can neither make nor read constants of complex numbers.
    """
    if isinstance(element, ir.ComplexType):
        parts = number.real, number.imag
        return complex_of(*(splat(part, shape, element.element_type) for part in parts))
    scalar = np.array(number).astype(dtype_of(tensor_type((), element)))
    attribute = ir.DenseElementsAttr.get_splat(
        tensor_type(shape, element), _scalar_attribute(scalar, element)
    )
    return _create("stablehlo.constant", [], [attribute.type], {"value": attribute}).result


def splat_like(number: complex, value: ir.Value) -> ir.Value:
    """A constant of the type of `value` that is `number` everywhere."""
    return splat(number, shape_of(value), element_of(value))


def constant_of(value: ir.Value) -> Array | None:
    """The array behind a value that a `stablehlo.constant` defines, else None."""
    owner = value.owner
    if isinstance(owner, ir.Block) or op_name(owner) != "stablehlo.constant":
        return None
    return array_of(owner.attributes["value"])


def _scalar_attribute(scalar: Array, element: ir.Type) -> ir.Attribute:
    if isinstance(element, ir.IntegerType):
        return ir.IntegerAttr.get(element, int(scalar))
    return ir.FloatAttr.get(element, float(scalar))


# ---- elementwise ---------------------------------------------------------------------------------


def unary(op: Unary, x: ir.Value) -> ir.Value:
    """An elementwise op of one operand; `erf` comes from CHLO."""
    return _create("chlo.erf" if op == "erf" else f"stablehlo.{op}", [x], [x.type]).result


def binary(op: Binary, x: ir.Value, y: ir.Value) -> ir.Value:
    """An elementwise op of two operands of one type."""
    return _create(f"stablehlo.{op}", [x, y], [x.type]).result


def add(x: ir.Value, y: ir.Value) -> ir.Value:
    """x + y."""
    return binary("add", x, y)


def multiply(x: ir.Value, y: ir.Value) -> ir.Value:
    """x * y."""
    return binary("multiply", x, y)


def compare(direction: Comparison, x: ir.Value, y: ir.Value) -> ir.Value:
    """x <direction> y, as i1."""
    return stablehlo.CompareOp(x, y, stablehlo.ComparisonDirectionAttr.get(direction)).result


def select(predicate: ir.Value, on_true: ir.Value, on_false: ir.Value) -> ir.Value:
    """on_true where predicate holds, else on_false; predicate has their shape or none."""
    return _create("stablehlo.select", [predicate, on_true, on_false], [on_true.type]).result


def convert(x: ir.Value, element: ir.Type) -> ir.Value:
    """x as another element type; x itself where it has that type already."""
    if element_of(x) == element:
        return x
    return _create("stablehlo.convert", [x], [tensor_type(shape_of(x), element)]).result


def bitcast_convert(x: ir.Value, element: ir.Type) -> ir.Value:
    """The bits of x as another element type of the same width."""
    return _create("stablehlo.bitcast_convert", [x], [tensor_type(shape_of(x), element)]).result


# ---- complex numbers -----------------------------------------------------------------------------


def complex_of(real: ir.Value, imaginary: ir.Value) -> ir.Value:
    """Complex numbers of two parts."""
    kind = tensor_type(shape_of(real), ir.ComplexType.get(element_of(real)))
    return _create("stablehlo.complex", [real, imaginary], [kind]).result


def real_part(x: ir.Value) -> ir.Value:
    """The real part of complex numbers; the operand itself where they are made of two parts."""
    return _part(x, "stablehlo.real", 0)


def imaginary_part(x: ir.Value) -> ir.Value:
    """The imaginary part of complex numbers; the operand itself where they are made of two parts."""
    return _part(x, "stablehlo.imag", 1)


def _part(x: ir.Value, name: str, number: int) -> ir.Value:
    made = producer(x)
    if made is not None and op_name(made) == "stablehlo.complex":
        return made.operands[number]
    kind = tensor_type(shape_of(x), ir.ComplexType(element_of(x)).element_type)
    return _create(name, [x], [kind]).result


# ---- shape ---------------------------------------------------------------------------------------


def reshape(x: ir.Value, shape: Sequence[int]) -> ir.Value:
    """The same elements in row-major order under another shape; x itself where nothing changes."""
    if shape_of(x) == tuple(shape):
        return x
    return _create("stablehlo.reshape", [x], [tensor_type(shape, element_of(x))]).result


def transpose(x: ir.Value, permutation: Sequence[int]) -> ir.Value:
    """Result dimension i is dimension permutation[i] of x; x itself for the identity."""
    if list(permutation) == list(range(len(permutation))):
        return x
    shape = shape_of(x)
    result = tensor_type([shape[i] for i in permutation], element_of(x))
    return _create("stablehlo.transpose", [x], [result], {"permutation": _ints(permutation)}).result


def broadcast_in_dim(x: ir.Value, shape: Sequence[int], dimensions: Sequence[int]) -> ir.Value:
    """Dimension i of x becomes dimension dimensions[i] of the result; size 1 is repeated."""
    result = tensor_type(shape, element_of(x))
    attributes = {"broadcast_dimensions": _ints(dimensions)}
    return _create("stablehlo.broadcast_in_dim", [x], [result], attributes).result


def broadcast(x: ir.Value, shape: Sequence[int]) -> ir.Value:
    """x broadcast to `shape` by NumPy's rule (dimensions align at the end)."""
    own = shape_of(x)
    if own == tuple(shape):
        return x
    return broadcast_in_dim(x, shape, range(len(shape) - len(own), len(shape)))


def concatenate(values: Sequence[ir.Value], axis: int) -> ir.Value:
    """The values one after another along `axis`."""
    if len(values) == 1:
        return values[0]
    shape = list(shape_of(values[0]))
    shape[axis] = sum(shape_of(v)[axis] for v in values)
    attributes = {"dimension": ir.IntegerAttr.get(element_type("i64"), axis)}
    return _create(
        "stablehlo.concatenate", values, [tensor_type(shape, element_of(values[0]))], attributes
    ).result


def slice(
    x: ir.Value, start: Sequence[int], limit: Sequence[int], strides: Sequence[int] | None = None
) -> ir.Value:
    """x[start:limit:strides] in every dimension."""
    steps = list(strides) if strides is not None else [1] * len(start)
    shape = [-(-(e - s) // t) for s, e, t in zip(start, limit, steps, strict=True)]
    if tuple(shape) == shape_of(x):
        return x
    attributes = {
        "start_indices": _ints(start),
        "limit_indices": _ints(limit),
        "strides": _ints(steps),
    }
    return _create("stablehlo.slice", [x], [tensor_type(shape, element_of(x))], attributes).result


def pad(x: ir.Value, value: ir.Value, low: Sequence[int], high: Sequence[int]) -> ir.Value:
    """x with `value` (a scalar tensor) added at both ends of each dimension; negative counts cut."""
    shape = [a + b + c for a, b, c in zip(low, shape_of(x), high, strict=True)]
    attributes = {
        "edge_padding_low": _ints(low),
        "edge_padding_high": _ints(high),
        "interior_padding": _ints([0] * len(low)),
    }
    return _create(
        "stablehlo.pad", [x, value], [tensor_type(shape, element_of(x))], attributes
    ).result


def iota(shape: Sequence[int], axis: int, element: ir.Type) -> ir.Value:
    """Counts 0, 1, ... along `axis`."""
    attributes = {"iota_dimension": ir.IntegerAttr.get(element_type("i64"), axis)}
    return _create("stablehlo.iota", [], [tensor_type(shape, element)], attributes).result


# ---- contraction and reduction -------------------------------------------------------------------


def dot_general(
    lhs: ir.Value,
    rhs: ir.Value,
    *,
    batching: tuple[Sequence[int], Sequence[int]] = ((), ()),
    contracting: tuple[Sequence[int], Sequence[int]],
) -> ir.Value:
    """Contraction; the result has the batching, then the free lhs, then the free rhs dimensions."""
    left, right = shape_of(lhs), shape_of(rhs)
    free_left = [n for i, n in enumerate(left) if i not in {*batching[0], *contracting[0]}]
    free_right = [n for i, n in enumerate(right) if i not in {*batching[1], *contracting[1]}]
    shape = [left[i] for i in batching[0]] + free_left + free_right
    numbers = stablehlo.DotDimensionNumbers.get(
        lhs_batching_dimensions=list(batching[0]),
        rhs_batching_dimensions=list(batching[1]),
        lhs_contracting_dimensions=list(contracting[0]),
        rhs_contracting_dimensions=list(contracting[1]),
    )
    result = tensor_type(shape, element_of(lhs))
    return _create(
        "stablehlo.dot_general", [lhs, rhs], [result], {"dot_dimension_numbers": numbers}
    ).result


def reduce(op: Reduction, x: ir.Value, axes: Sequence[int], initial: float) -> ir.Value:
    """Reduces the axes away; `initial` is the neutral element of `op`."""
    kept = [n for i, n in enumerate(shape_of(x)) if i not in set(axes)]
    element = element_of(x)
    reduction = _create(
        "stablehlo.reduce",
        [x, splat(initial, (), element)],
        [tensor_type(kept, element)],
        {"dimensions": _ints(axes)},
        regions=1,
    )
    _fold_body(reduction, op, element)
    return reduction.result


def reduction_kind(op: ir.OpView | ir.Operation) -> str | None:
    """The StableHLO op (`stablehlo.add`) that a reduce or reduce_window folds with, if it is one op."""
    body = [op_name(inner) for inner in op.regions[0].blocks[0].operations]
    return body[0] if len(body) == 2 else None


# ---- windows -------------------------------------------------------------------------------------


def convolution(
    x: ir.Value,
    kernel: ir.Value,
    dimensions: ir.Attribute,
    *,
    strides: Sequence[int],
    padding: Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    groups: int = 1,
) -> ir.Value:
    """`stablehlo.convolution`; `dimensions` is a `stablehlo.ConvDimensionNumbers` and names the layouts."""
    numbers = stablehlo.ConvDimensionNumbers(dimensions)
    rank = len(strides)
    spread, dilation = lhs_dilation or [1] * rank, rhs_dilation or [1] * rank
    shape = [0] * (rank + 2)
    shape[numbers.output_batch_dimension] = shape_of(x)[numbers.input_batch_dimension]
    shape[numbers.output_feature_dimension] = shape_of(kernel)[
        numbers.kernel_output_feature_dimension
    ]
    for i in range(rank):
        size = shape_of(x)[numbers.input_spatial_dimensions[i]]
        window = shape_of(kernel)[numbers.kernel_spatial_dimensions[i]]
        padded = (size - 1) * spread[i] + 1 + sum(padding[i])
        count = (padded - (window - 1) * dilation[i] - 1) // strides[i] + 1
        shape[numbers.output_spatial_dimensions[i]] = count
    i64 = element_type("i64")
    attributes: dict[str, ir.Attribute] = {
        "window_strides": _ints(strides),
        "padding": dense(np.array(padding, np.int64).reshape(rank, 2)),
        "lhs_dilation": _ints(spread),
        "rhs_dilation": _ints(dilation),
        "dimension_numbers": numbers,
        "feature_group_count": ir.IntegerAttr.get(i64, groups),
        "batch_group_count": ir.IntegerAttr.get(i64, 1),
    }
    return _create(
        "stablehlo.convolution", [x, kernel], [tensor_type(shape, element_of(x))], attributes
    ).result


def reduce_window(
    op: Reduction,
    x: ir.Value,
    initial: float,
    *,
    window: Sequence[int],
    strides: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int] | None = None,
) -> ir.Value:
    """Reduces sliding windows over all dimensions of x; padding counts as `initial`."""
    steps = dilation or [1] * len(window)
    padded = [n + lo + hi for n, (lo, hi) in zip(shape_of(x), padding, strict=True)]
    shape = [
        (n - (w - 1) * d - 1) // s + 1
        for n, w, d, s in zip(padded, window, steps, strides, strict=True)
    ]
    element = element_of(x)
    attributes: dict[str, ir.Attribute] = {
        "window_dimensions": _ints(window),
        "window_strides": _ints(strides),
        "window_dilations": _ints(steps),
        "base_dilations": _ints([1] * len(window)),
        "padding": dense(np.array(padding, np.int64).reshape(len(window), 2)),
    }
    operands = [x, splat(initial, (), element)]
    pooled = _create(
        "stablehlo.reduce_window", operands, [tensor_type(shape, element)], attributes, regions=1
    )
    _fold_body(pooled, op, element)
    return pooled.result


def reverse(x: ir.Value, axes: Sequence[int]) -> ir.Value:
    """x with the order along `axes` reversed."""
    return _create("stablehlo.reverse", [x], [x.type], {"dimensions": _ints(axes)}).result


def _fold_body(op: ir.Operation, fold: Reduction, element: ir.Type) -> None:
    """Writes the region of a reduction: one op of two scalars."""
    scalar = tensor_type((), element)
    location = ir.Location.current
    body = ir.Block.create_at_start(op.regions[0], [scalar, scalar], [location, location])
    with ir.InsertionPoint(body):
        _create("stablehlo.return", [binary(fold, body.arguments[0], body.arguments[1])], [])


# ---- functions and composites --------------------------------------------------------------------


def composite(
    name: str,
    operands: Sequence[ir.Value],
    results: Sequence[ir.Type],
    attributes: Mapping[str, ir.Attribute],
    decomposition: str,
) -> list[ir.Value]:
    """`stablehlo.composite` over a decomposition function that exists in the module."""
    op = _create(
        "stablehlo.composite",
        operands,
        results,
        {
            "name": ir.StringAttr.get(name),
            "composite_attributes": ir.DictAttr.get(dict(attributes)),
            "decomposition": ir.FlatSymbolRefAttr.get(decomposition),
        },
    )
    return list(op.results)


def private_function(
    module: ir.Module,
    name: str,
    inputs: Sequence[ir.Type],
    build: Callable[[Sequence[ir.Value]], Sequence[ir.Value]],
) -> str:
    """Adds a private function whose body `build` writes; returns the unique name it received."""
    taken = ir.SymbolTable(module.operation)
    numbered = (f"{name}_{i}" for i in itertools.count(1))
    unique = next(n for n in itertools.chain((name,), numbered) if n not in taken)
    with ir.InsertionPoint(module.body):
        function = func.FuncOp(unique, ir.FunctionType.get(list(inputs), []), visibility="private")
    with ir.InsertionPoint(function.add_entry_block()):
        results = list(build(list(function.arguments)))
        func.ReturnOp(results)
    kind = ir.FunctionType.get(list(inputs), [r.type for r in results])
    function.attributes["function_type"] = ir.TypeAttr.get(kind)
    return unique


def composite_name(op: ir.OpView | ir.Operation) -> str:
    """The name of a `stablehlo.composite`."""
    return ir.StringAttr(op.attributes["name"]).value


# ---- readers -------------------------------------------------------------------------------------


def ints(op: ir.OpView | ir.Operation, attribute: str) -> list[int]:
    """An array-of-i64 attribute as a list."""
    return list(ir.DenseI64ArrayAttr(op.attributes[attribute]))


def producer(value: ir.Value) -> ir.OpView | None:
    """The op that defines a value; None for a function argument."""
    owner = value.owner
    return None if isinstance(owner, ir.Block) else owner


def has_one_use(value: ir.Value) -> bool:
    """Whether exactly one operand reads the value."""
    uses = iter(value.uses)
    return next(uses, None) is not None and next(uses, None) is None
