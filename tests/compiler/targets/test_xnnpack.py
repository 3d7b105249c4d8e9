"""What the table predicts against what LiteRT decides, op by op."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from litewright.compiler.diagnostics import UserError
from litewright.compiler.ir import mlir, tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import body_of
from litewright.compiler.ir.quantized_type import QuantizedType
from litewright.compiler.ir.types import tensor_type
from litewright.compiler.runtime import Runner
from litewright.compiler.targets import XNNPACK, target_named
from litewright.lowering.tfl_to_flatbuffer import writer
from tests.compiler.targets.single_ops import (
    Body,
    Inputs,
    binary,
    concatenation,
    convolution,
    dense,
    depthwise,
    pool,
    program_of,
    run_time,
    split,
    transpose_conv,
    unary,
    with_ints,
)
from tests.gpu.cases import CASES as SHARED

CASES: dict[str, Callable[[], tuple[Inputs, Body]]] = {
    **{n: lambda n=n: unary(n) for n in (
        "abs", "ceil", "cos", "exp", "floor", "gelu", "log", "neg", "round", "rsqrt", "sin", "sqrt", "square",
        "relu", "relu6", "relu_n1_to_1", "hard_swish", "logistic", "tanh", "elu", "softmax", "log_softmax",
        "sign",
    )},
    "gelu with tanh": lambda: unary("gelu", approximate=True),
    "leaky_relu": lambda: unary("leaky_relu", alpha=0.1),
    "softmax with beta": lambda: unary("softmax", beta=0.5),
    "int32 abs": lambda: unary("abs", element="i32"),
    "abs of rank 6": lambda: unary("abs", [1, 2, 1, 2, 1, 2]),
    "abs of rank 7": lambda: unary("abs", [1, 2, 1, 2, 1, 2, 1]),
    **{n: lambda n=n: binary(n) for n in (
        "add", "sub", "mul", "div", "maximum", "minimum", "squared_difference", "pow", "floor_div",
    )},
    "int32 add": lambda: binary("add", element="i32"),
    "add with relu": lambda: binary("add", fused_activation_function="RELU"),
    "concatenation of 5": lambda: concatenation(5),
    "concatenation of 6": lambda: concatenation(6),
    "split in 2": lambda: split(2),
    "split in 4": lambda: split(4),
    "split in 5": lambda: split(5),
    "fully_connected": dense,
    "fully_connected with relu": lambda: dense(fused_activation_function="RELU"),
    "fully_connected, rank 2 filter, kept": lambda: dense(keep_num_dims=True),
    "conv_2d": convolution,
    "conv_2d with relu6": lambda: convolution(fused_activation_function="RELU6"),
    "depthwise_conv_2d": depthwise,
    "transpose_conv": transpose_conv,
    "max_pool_2d": lambda: pool("max_pool_2d", 2, 2),
    "average_pool_2d": lambda: pool("average_pool_2d", 3, 1),
    "max_pool_2d that skips": lambda: pool("max_pool_2d", 2, 3),
    "max_pool_2d of one": lambda: pool("max_pool_2d", 1, 2),
    "reshape": lambda: with_ints("reshape", [2, 3], [3, 2], [3, 2]),
    "int32 reshape": lambda: with_ints("reshape", [2, 3], [3, 2], [3, 2], element="i32"),
    "run-time reshape": lambda: run_time("reshape", [2, 3], [3, 2], 2),
    "transpose": lambda: with_ints("transpose", [2, 3], [3, 2], [1, 0]),
    "run-time transpose": lambda: run_time("transpose", [3, 3], [3, 3], 2),
    "slice": lambda: with_ints("slice", [2, 3], [1, 2], [0, 1], [1, 2]),
    "int32 slice": lambda: with_ints("slice", [2, 3], [1, 2], [0, 1], [1, 2], element="i32"),
    "strided_slice": lambda: with_ints("strided_slice", [4, 6], [2, 3], [0, 1], [2, 4], [1, 1]),
    "strided_slice by 2": lambda: with_ints("strided_slice", [4, 6], [2, 3], [0, 0], [4, 6], [2, 2]),
    "strided_slice that shrinks": lambda: with_ints(
        "strided_slice", [4, 6], [6], [1, 0], [2, 6], [1, 1], shrink_axis_mask=1),
    "pad": lambda: with_ints("pad", [2, 3], [3, 5], [[1, 0], [1, 1]]),
    "mean": lambda: with_ints("mean", [2, 3], [2], [1]),
    "sum, kept": lambda: with_ints("sum", [2, 3], [2, 1], [1], keep_dims=True),
    "reduce_max": lambda: with_ints("reduce_max", [2, 3], [2], [1]),
    "reduce_min": lambda: with_ints("reduce_min", [2, 3], [2], [1]),
    "reduce_prod": lambda: with_ints("reduce_prod", [2, 3], [2], [1]),
    "run-time mean": lambda: run_time("mean", [2, 3], [2], 1),
    "expand_dims": lambda: with_ints("expand_dims", [2, 3], [2, 1, 3], 1),
    "tile": lambda: with_ints("tile", [2, 3], [4, 3], [2, 1]),
    "broadcast_to": lambda: with_ints("broadcast_to", [1, 3], [4, 3], [4, 3]),
    "gather": lambda: with_ints("gather", [5, 3], [2, 3], [4, 1], axis=0),
    "resize_bilinear": lambda: with_ints("resize_bilinear", [1, 4, 4, 2], [1, 8, 8, 2], [8, 8]),
    "batch_matmul": lambda: ([([2, 3, 4], "f32"), ([2, 4, 5], "f32")],
                             lambda x, y: tfl.emit("batch_matmul", [x, y], tensor_type([2, 3, 5], "f32"))),
    "cast": lambda: ([([2, 3], "f32")], lambda x: tfl.emit("cast", [x], tensor_type([2, 3], "i32"))),
}  # fmt: skip


def quantised(storage: str, name: str, shape: Sequence[int]) -> ir.Type:
    """A type with the scale and zero point that the runtime demands of results of `name`."""
    unsigned = storage == "ui8"
    fixed = {
        "logistic": (1 / 256, 0 if unsigned else -128),
        "softmax": (1 / 256, 0 if unsigned else -128),
        "tanh": (1 / 128, 128 if unsigned else 0),
    }
    scale, zero_point = fixed.get(name, (0.05, 0))
    return tensor_type(shape, QuantizedType(storage, (scale,), (zero_point,)).element_type())


def integers(name: str, storage: str) -> tuple[Inputs, Body]:
    """An op of the list below on quantised numbers."""
    count, shape, result, parameters, attributes = QUANTISED[name]

    def body(*inputs: ir.Value) -> ir.Value:
        kind = quantised(storage, "", shape)
        operands = [tfl.emit("quantize", [x], kind, qtype=kind) for x in inputs]
        operands += [tfl.constant(np.array(each, np.int32)) for each in parameters]
        return tfl.emit(name, operands, quantised(storage, name, result), **attributes)

    return [(shape, "f32")] * count, body


_WINDOW = {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2, "padding": "VALID"}
# Number of inputs, their shape, the result's, integer operands, attributes.
QUANTISED: dict[str, tuple[int, list[int], list[int], list[Any], dict[str, Any]]] = {
    **{n: (1, [2, 3], [2, 3], [], {}) for n in (
        "logistic", "tanh", "elu", "relu", "relu6", "relu_n1_to_1", "hard_swish", "gelu", "softmax",
    )},
    "leaky_relu": (1, [2, 3], [2, 3], [], {"alpha": 0.1}),
    **{n: (2, [2, 3], [2, 3], [], {}) for n in (
        "add", "sub", "mul", "div", "maximum", "minimum", "squared_difference",
    )},
    **{n: (1, [2, 3], [2], [[1]], {}) for n in ("mean", "sum", "reduce_max", "reduce_min")},
    "reshape": (1, [2, 3], [3, 2], [[3, 2]], {}),
    "transpose": (1, [2, 3], [3, 2], [[1, 0]], {}),
    "slice": (1, [2, 3], [1, 2], [[0, 1], [1, 2]], {}),
    "strided_slice": (1, [4, 6], [2, 3], [[0, 1], [2, 4], [1, 1]], {}),
    "pad": (1, [2, 3], [3, 5], [[[1, 0], [1, 1]]], {}),
    "concatenation": (2, [2, 3], [2, 6], [], {"axis": 1}),
    "max_pool_2d": (1, [1, 8, 8, 2], [1, 4, 4, 2], [], _WINDOW),
    "average_pool_2d": (1, [1, 8, 8, 2], [1, 4, 4, 2], [], _WINDOW),
    "resize_bilinear": (1, [1, 4, 4, 2], [1, 8, 8, 2], [[8, 8]], {}),
    "depth_to_space": (1, [1, 4, 4, 4], [1, 8, 8, 1], [], {"block_size": 2}),
    "space_to_depth": (1, [1, 4, 4, 4], [1, 2, 2, 16], [], {"block_size": 2}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_table_says_what_the_delegate_does(case: str, tmp_path: Path) -> None:
    check(CASES[case], tmp_path / "model.tflite")


# LiteRT itself has no kernel for it.
@pytest.mark.parametrize("case", [case for case in SHARED if case != "abs i64"])
def test_and_so_for_the_cases_of_other_targets(case: str, tmp_path: Path) -> None:
    check(SHARED[case], tmp_path / "model.tflite")


@pytest.mark.parametrize("storage", ["i8", "ui8"])
@pytest.mark.parametrize("case", QUANTISED)
def test_and_so_for_quantised_numbers(case: str, storage: str, tmp_path: Path) -> None:
    check(lambda: integers(case, storage), tmp_path / "model.tflite")


def check(make: Callable[[], tuple[Inputs, Body]], path: Path) -> None:
    """Asserts that exactly the ops without a reason are those that LiteRT delegates."""
    with mlir.use(mlir.make_context()):
        program = program_of(*make())
        writer.write(program, path)
        ops = [op for op in body_of(program.signature("f")).operations if _computes(op)]
        reasons = [XNNPACK.why_not_delegated(op) for op in ops]
    placements = Runner(path).delegation().placements
    assert len(placements) == len(ops)
    taken = [each.partition is not None for each in placements]
    assert [reason is None for reason in reasons] == taken, reasons


def test_an_unknown_target_lists_those_known() -> None:
    assert target_named("cpu") is XNNPACK
    with pytest.raises(UserError, match="there is cpu"):
        target_named("abacus")


def _computes(op: ir.OpView) -> bool:
    constants = ("tfl.pseudo_const", "tfl.pseudo_qconst", "tfl.no_value")
    return mlir.op_name(op) not in (*constants, "func.return")
