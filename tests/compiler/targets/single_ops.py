"""Programs of one tfl op, from which what a delegate takes is learnt."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from litewright.compiler.ir import mlir, tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import (
    NAME,
    Program,
    add_argument,
    body_of,
    refresh_type,
    set_result_names,
)
from litewright.compiler.ir.types import tensor_type
from litewright.compiler.weights import WeightStore

Inputs = Sequence[tuple[Sequence[int], str]]
Body = Callable[..., ir.Value | list[ir.Value]]

_RANDOM = np.random.default_rng(0)


def program_of(inputs: Inputs, body: Body) -> Program:
    """A program with one signature, `f`, whose inputs are `x0`, `x1`, ..."""
    module = ir.Module.create()
    with ir.InsertionPoint(module.body):
        function = mlir.func.FuncOp("f", ([], []))
        function.add_entry_block()
    for number, (shape, element) in enumerate(inputs):
        add_argument(function, tensor_type(shape, element), {NAME: f"x{number}"})
    with ir.InsertionPoint(body_of(function)):
        made = body(*function.arguments)
        results = made if isinstance(made, list) else [made]
        mlir.func.ReturnOp(results)
    refresh_type(function)
    set_result_names(function, [f"y{number}" for number in range(len(results))])
    return Program(module, WeightStore())


def f32(*shape: int) -> ir.Value:
    return tfl.constant(_RANDOM.normal(size=shape).astype(np.float32))


def i32(*numbers: int) -> ir.Value:
    return tfl.constant(np.array(numbers, np.int32))


def unary(
    name: str, shape: Sequence[int] = (2, 3), element: str = "f32", **attributes: object
) -> tuple[Inputs, Body]:
    return [(shape, element)], lambda x: tfl.emit(name, [x], x.type, **attributes)


def binary(
    name: str, shape: Sequence[int] = (2, 3), element: str = "f32", **attributes: object
) -> tuple[Inputs, Body]:
    return [(shape, element)] * 2, lambda x, y: tfl.emit(name, [x, y], x.type, **attributes)


def concatenation(count: int) -> tuple[Inputs, Body]:
    def body(*x: ir.Value) -> ir.Value:
        return tfl.emit("concatenation", x, tensor_type([2, 3 * count], "f32"), axis=-1)

    return [([2, 3], "f32")] * count, body


def split(count: int) -> tuple[Inputs, Body]:
    def body(x: ir.Value) -> list[ir.Value]:
        axis = tfl.constant(np.array(1, np.int32))
        return tfl.emit_many("split", [axis, x], [tensor_type([2, 3], "f32")] * count)

    return [([2, 3 * count], "f32")], body


def dense(**attributes: object) -> tuple[Inputs, Body]:
    return [([2, 8], "f32")], lambda x: tfl.emit(
        "fully_connected", [x, f32(4, 8), f32(4)], tensor_type([2, 4], "f32"), **attributes
    )


def convolution(**attributes: object) -> tuple[Inputs, Body]:
    def body(x: ir.Value) -> ir.Value:
        result = tensor_type([1, 6, 6, 4], "f32")
        return tfl.emit(
            "conv_2d", [x, f32(4, 3, 3, 2), f32(4)], result, padding="VALID", **attributes
        )

    return [([1, 8, 8, 2], "f32")], body


def depthwise() -> tuple[Inputs, Body]:
    def body(x: ir.Value) -> ir.Value:
        return tfl.emit("depthwise_conv_2d", [x, f32(1, 3, 3, 2), f32(2)], x.type, padding="SAME")

    return [([1, 8, 8, 2], "f32")], body


def transpose_conv() -> tuple[Inputs, Body]:
    def body(x: ir.Value) -> ir.Value:
        operands = [i32(1, 8, 8, 3), f32(3, 2, 2, 2), x, f32(3)]
        result = tensor_type([1, 8, 8, 3], "f32")
        return tfl.emit("transpose_conv", operands, result, padding="VALID", stride_h=2, stride_w=2)

    return [([1, 4, 4, 2], "f32")], body


def pool(name: str, size: int, stride: int) -> tuple[Inputs, Body]:
    def body(x: ir.Value) -> ir.Value:
        side = (8 - size) // stride + 1
        result = tensor_type([1, side, side, 2], "f32")
        sizes = {
            "filter_height": size,
            "filter_width": size,
            "stride_h": stride,
            "stride_w": stride,
        }
        return tfl.emit(name, [x], result, padding="VALID", **sizes)

    return [([1, 8, 8, 2], "f32")], body


def with_ints(
    name: str,
    shape: Sequence[int],
    result: Sequence[int],
    *numbers: Any,
    element: str = "f32",
    **attributes: object,
) -> tuple[Inputs, Body]:
    """An op with constant integer operands after its data."""

    def body(x: ir.Value) -> ir.Value:
        given = [tfl.constant(np.array(each, np.int32)) for each in numbers]
        return tfl.emit(name, [x, *given], tensor_type(result, element), **attributes)

    return [(shape, element)], body


def run_time(
    name: str, shape: Sequence[int], result: Sequence[int], length: int
) -> tuple[Inputs, Body]:
    """An op whose integer operand is an input of the model."""
    inputs = [(shape, "f32"), ([length], "i32")]
    return inputs, lambda x, y: tfl.emit(name, [x, y], tensor_type(result, "f32"))
