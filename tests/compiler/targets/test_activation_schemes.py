"""The table of ops that compute in integers, row by row, against the same op on floats, on both paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from litewright.compiler.ir import mlir, tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import Program, body_of
from litewright.compiler.ir.quantized_type import QuantizedType
from litewright.compiler.ir.types import shape_of, tensor_type
from litewright.compiler.quantize.ranges import scheme_of_range
from litewright.compiler.runtime import Runner
from litewright.compiler.targets import XNNPACK
from litewright.compiler.targets.activation_schemes import (
    ACTIVATION_USES,
    EIGHT,
    FINEST_SUM,
    SIXTEEN,
    fixed_scheme,
    why_not_integer,
)
from litewright.lowering.tfl_to_flatbuffer import writer
from litewright.passes.core import EliminateCommonSubexpressions, Repeat
from litewright.passes.tfl.fuse_quantized import FuseQuantized, scheme_of
from tests.lowering.tfl_to_flatbuffer.programs import Build, named, program_of
from tests.support.tolerances import assert_close

Array = np.ndarray[Any, np.dtype[Any]]

STEPS = 2
"""How far an op of integers may be from the op of floats, in steps of the result."""


@dataclass(frozen=True)
class Use:
    """An op with shapes of its inputs.

    Attributes:
        kind: the op.
        shapes: of its activations.
        attributes: of the op.
        constants: operands behind the activations.
        result: its shape; that of the first operand if None.
        weight: the shape of a weight behind the first operand, and its axis of output channels.
        positive: whether the operands are.
    """

    kind: str
    shapes: tuple[tuple[int, ...], ...]
    attributes: Mapping[str, Any]
    constants: tuple[Array, ...] = ()
    result: tuple[int, ...] | None = None
    weight: tuple[tuple[int, ...], int] | None = None
    positive: bool = False

    def __str__(self) -> str:
        return f"{self.kind}-{'x'.join(map(str, self.shapes[0]))}"


def _use(kind: str, *shapes: tuple[int, ...], **rest: Any) -> Use:
    named = {"constants", "result", "weight", "positive"}
    attributes = {name: value for name, value in rest.items() if name not in named}
    return Use(kind, shapes, attributes, **{n: rest[n] for n in named if n in rest})


def _i32(*numbers: Any) -> Array:
    return np.array(numbers, np.int32)


_CONV = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
_POOL = {"padding": "VALID", "stride_h": 2, "stride_w": 2, "filter_height": 2, "filter_width": 2}
_IMAGE = (1, 6, 8, 5)

USES = [
    _use("fully_connected", (3, 40), weight=((7, 40), 0), result=(3, 7)),
    _use("fully_connected", (2, 5, 16), weight=((9, 16), 0), result=(2, 5, 9), keep_num_dims=True,
         fused_activation_function="RELU"),
    _use("conv_2d", _IMAGE, weight=((4, 3, 3, 5), 0), result=(1, 6, 8, 4), **_CONV),
    _use("conv_2d", (2, 7, 5, 6), weight=((8, 1, 1, 6), 0), result=(2, 7, 5, 8),
         fused_activation_function="RELU6", **_CONV),
    _use("depthwise_conv_2d", _IMAGE, weight=((1, 3, 3, 5), 3), result=_IMAGE, **_CONV),
    _use("depthwise_conv_2d", (1, 9, 9, 16), weight=((1, 5, 5, 16), 3), result=(1, 9, 9, 16),
         fused_activation_function="RELU", **_CONV),
    _use("transpose_conv", (1, 4, 5, 3), weight=((6, 3, 3, 3), 0), result=(1, 8, 10, 6),
         padding="SAME", stride_h=2, stride_w=2),
    _use("batch_matmul", (2, 3, 4, 16), (2, 3, 16, 5), result=(2, 3, 4, 5)),
    _use("batch_matmul", (1, 8, 24), (1, 6, 24), result=(1, 8, 6), adj_y=True),
    _use("add", (2, 3, 8), (1, 8)),
    _use("add", (1, 4, 4, 6), (1, 4, 4, 6), fused_activation_function="RELU"),
    _use("sub", (2, 3, 8), (2, 3, 8)),
    _use("sub", (5,), (1,)),
    _use("mul", (2, 3, 8), (1, 8)),
    _use("mul", (1, 4, 4, 6), (1, 1, 1, 6)),
    _use("squared_difference", (2, 3, 8), (2, 3, 8)),
    _use("prelu", (1, 4, 4, 6), (1, 1, 6)),
    _use("maximum", (2, 3, 8), (2, 3, 8)),
    _use("minimum", (2, 3, 8), (1, 8)),
    *(_use(kind, shape) for shape in ((3, 40), (1, 5, 4, 6))
      for kind in ("logistic", "tanh", "softmax", "log_softmax", "elu", "exp", "hard_swish", "abs", "relu", "relu6",
                   "relu_n1_to_1", "relu_0_to_1")),
    _use("gelu", (3, 40)),
    _use("gelu", (3, 40), approximate=True),
    _use("leaky_relu", (3, 40), alpha=0.1),
    _use("sqrt", (3, 40), positive=True),
    _use("mean", _IMAGE, constants=(_i32(1, 2),), result=(1, 5)),
    _use("mean", (3, 40), constants=(_i32(1),), result=(3, 1), keep_dims=True),
    _use("sum", _IMAGE, constants=(_i32(1, 2),), result=(1, 5)),
    _use("sum", (2, 300), constants=(_i32(-1),), result=(2,)),
    _use("reduce_max", _IMAGE, constants=(_i32(3),), result=(1, 6, 8)),
    _use("reduce_min", (3, 40), constants=(_i32(0),), result=(40,)),
    _use("max_pool_2d", _IMAGE, result=(1, 3, 4, 5), **_POOL),
    _use("average_pool_2d", _IMAGE, result=(1, 3, 4, 5), **_POOL),
    _use("resize_bilinear", _IMAGE, constants=(_i32(12, 13),), result=(1, 12, 13, 5), half_pixel_centers=True),
    _use("resize_nearest_neighbor", _IMAGE, constants=(_i32(12, 13),), result=(1, 12, 13, 5)),
    _use("reshape", _IMAGE, constants=(_i32(8, 30),), result=(8, 30)),
    _use("expand_dims", (3, 40), constants=(_i32(1),), result=(3, 1, 40)),
    _use("squeeze", (3, 1, 40), result=(3, 40), squeeze_dims=[1]),
    _use("transpose", _IMAGE, constants=(_i32(0, 3, 1, 2),), result=(1, 5, 6, 8)),
    _use("transpose", (3, 40), constants=(_i32(1, 0),), result=(40, 3)),
    _use("reverse_v2", (3, 40), constants=(_i32(1),)),
    _use("broadcast_to", (1, 40), constants=(_i32(3, 40),), result=(3, 40)),
    _use("tile", (3, 4), constants=(_i32(2, 3),), result=(6, 12)),
    _use("concatenation", (3, 4), (3, 6), (3, 1), result=(3, 11), axis=1),
    _use("pack", (3, 4), (3, 4), result=(3, 2, 4), axis=1),
    _use("slice", _IMAGE, constants=(_i32(0, 1, 2, 0), _i32(1, 4, 5, 3)), result=(1, 4, 5, 3)),
    _use("strided_slice", (6, 40), constants=(_i32(1, 0), _i32(5, 40), _i32(1, 1)), result=(4, 40)),
    _use("gather", (6, 40), constants=(_i32(5, 0, 3),), result=(3, 40), axis=0),
    _use("gather_nd", (6, 40), constants=(_i32([5], [0]),), result=(2, 40)),
    _use("dynamic_update_slice", (1, 8, 6), (1, 2, 6), constants=(_i32(0, 3, 0),)),
    _use("pad", _IMAGE, constants=(_i32([0, 0], [1, 1], [1, 2], [0, 0]),), result=(1, 8, 11, 5)),
    _use("mirror_pad", (3, 40), constants=(_i32([1, 1], [2, 0]),), result=(5, 42), mode="REFLECT"),
    _use("depth_to_space", (1, 3, 4, 8), result=(1, 6, 8, 2), block_size=2),
    _use("space_to_depth", (1, 6, 8, 2), result=(1, 3, 4, 8), block_size=2),
    _use("space_to_batch_nd", (1, 6, 8, 2), constants=(_i32(2, 2), _i32([0, 0], [0, 0])), result=(4, 3, 4, 2)),
    _use("batch_to_space_nd", (4, 3, 4, 2), constants=(_i32(2, 2), _i32([0, 0], [0, 0])), result=(1, 6, 8, 2)),
]  # fmt: skip

# These have several results, or a constant among their activations.
SPECIAL = frozenset({"split", "split_v", "unpack", "padv2"})


@pytest.fixture(autouse=True)
def _context() -> Iterator[None]:
    with mlir.use(mlir.make_context()):
        yield


def _pair(value: ir.Value, scheme: QuantizedType) -> ir.Value:
    integers = tfl.emit("quantize", [value], tensor_type(shape_of(value), scheme.element_type()))
    return tfl.emit("dequantize", [integers], value.type)


def _inputs(use: Use, rng: np.random.Generator) -> list[Array]:
    arrays = [rng.normal(0.3, 1.5, size=shape).astype(np.float32) for shape in use.shapes]
    return [np.abs(each) for each in arrays] if use.positive else arrays


def _weight(use: Use) -> list[ir.Value]:
    """A weight of integers with a scale per channel, as floats, and a bias; nothing if there is none."""
    if use.weight is None:
        return []
    rng = np.random.default_rng(7)
    shape, axis = use.weight
    scales = tuple(float(s) for s in rng.uniform(0.002, 0.02, shape[axis]).astype(np.float32))
    scheme = QuantizedType("i8", scales, (0,) * len(scales), axis)
    kind = tensor_type(shape, scheme.element_type())
    numbers = rng.integers(-127, 128, shape).astype(np.int8)
    integers = tfl.emit("pseudo_qconst", [], kind, qtype=kind, value=numbers)
    bias = rng.normal(size=shape[axis]).astype(np.float32)
    return [tfl.emit("dequantize", [integers], tensor_type(shape, "f32")), tfl.constant(bias)]


def _emit(use: Use, values: Sequence[ir.Value]) -> ir.Value:
    operands = [*values, *_weight(use), *map(tfl.constant, use.constants)]
    result = tensor_type(use.result or use.shapes[0], "f32")
    if use.kind == "transpose_conv":
        shape = tfl.constant(np.array(use.result, np.int32))
        operands = [shape, operands[1], operands[0], operands[2]]
    return tfl.emit(use.kind, operands, result, **use.attributes)


def _between_pairs(use: Use, inputs: Sequence[Array], result: Array, storage: str) -> Program:
    """The op between pairs whose scales cover what goes in and what comes out."""
    row = ACTIVATION_USES[use.kind]
    ranges = [(float(x.min()), float(x.max())) for x in inputs]
    if row.shares:
        ranges = [(min(low for low, _ in ranges), max(high for _, high in ranges))] * len(ranges)
    schemes = [
        scheme_of_range(found, storage, centred=number in row.centred)
        for number, found in enumerate(ranges)
    ]
    after = fixed_scheme(use.kind, storage) or scheme_of_range(
        (float(result.min()), float(result.max())), storage
    )

    def build(*values: ir.Value) -> ir.Value:
        given = [_pair(value, scheme) for value, scheme in zip(values, schemes, strict=True)]
        return _pair(_emit(use, given), schemes[0] if row.shares else after)

    return program_of(build, inputs)


def _run(program: Program, inputs: Sequence[Array], folder: Path, *, delegate: bool) -> Array:
    path = folder / "model.tflite"
    writer.write(program, path)
    return Runner(path, delegate=delegate).run(named(inputs))["y0"]


def _computing(program: Program, kind: str) -> ir.OpView:
    """The only op of a kind."""
    ops = body_of(program.signatures()[0]).operations
    (found,) = (op for op in ops if op_name(op) == f"tfl.{kind}")
    return found


def _cases() -> list[tuple[Use, str]]:
    return [(use, s) for use in USES for s in sorted(ACTIVATION_USES[use.kind].storages)]


@pytest.mark.parametrize(("use", "storage"), _cases(), ids=str)
def test_computes_what_floats_do(use: Use, storage: str, tmp_path: Path) -> None:
    row = ACTIVATION_USES[use.kind]
    for seed in (1, 2):
        inputs = _inputs(use, np.random.default_rng(seed))
        floats = program_of(lambda *values: _emit(use, values), inputs)
        result = _run(floats, inputs, tmp_path, delegate=False)
        program = _between_pairs(use, inputs, result, storage)
        expected = _run(program, inputs, tmp_path, delegate=False)
        assert np.ptp(expected) > 0, "inputs that could tell"
        assert FuseQuantized().run(program)
        tfl.verify(program)
        scheme = scheme_of(_computing(program, use.kind).results[0])
        assert scheme is not None, "it was not fused"
        for delegate in (True, False):
            actual = _run(program, inputs, tmp_path, delegate=delegate)
            far = np.abs(actual.astype(np.float64) - expected).max() / scheme.scales[0]
            assert far <= STEPS + 0.01, f"{far} steps, delegate {delegate}"
    taken = Runner(tmp_path / "model.tflite").delegation().placements
    (placement,) = (each for each in taken if each.op == use.kind.upper())
    why = XNNPACK.why_not_delegated(_computing(program, use.kind))
    assert (why is None) == (placement.partition is not None), f"the target says {why}"
    if storage in row.delegated:
        assert placement.partition is not None
    if storage == SIXTEEN:
        assert placement.partition is None


@pytest.mark.parametrize("use", USES, ids=str)
def test_says_where_the_delegate_takes_floats_alone(use: Use, tmp_path: Path) -> None:
    row = ACTIVATION_USES[use.kind]
    inputs = _inputs(use, np.random.default_rng(1))
    floats = program_of(lambda *values: _emit(use, values), inputs)
    _run(floats, inputs, tmp_path, delegate=True)
    taken = Runner(tmp_path / "model.tflite").delegation().placements
    (placement,) = (each for each in taken if each.op == use.kind.upper())
    if row.as_floats and use.kind != "prelu":  # Of this it takes constant slopes alone.
        assert placement.partition is not None
    assert not (row.as_floats and row.delegated)


def test_every_row_has_a_use() -> None:
    assert {use.kind for use in USES} | SPECIAL == set(ACTIVATION_USES)


def _split(x: ir.Value) -> list[ir.Value]:
    scheme = scheme_of_range((-4.0, 5.0), EIGHT)
    axis = tfl.constant(np.array(1, np.int32))
    half = tensor_type((2, 3), "f32")
    parts = tfl.emit_many("split", [axis, _pair(x, scheme)], [half, half])
    return [_pair(part, scheme) for part in parts]


def _split_v(x: ir.Value) -> list[ir.Value]:
    scheme = scheme_of_range((-4.0, 5.0), EIGHT)
    sizes, axis = tfl.constant(_i32(2, 4)), tfl.constant(np.array(1, np.int32))
    kinds = [tensor_type((2, 2), "f32"), tensor_type((2, 4), "f32")]
    parts = tfl.emit_many("split_v", [_pair(x, scheme), sizes, axis], kinds)
    return [_pair(part, scheme) for part in parts]


def _unpack(x: ir.Value) -> list[ir.Value]:
    scheme = scheme_of_range((-4.0, 5.0), EIGHT)
    kinds = [tensor_type((6,), "f32")] * 2
    parts = tfl.emit_many("unpack", [_pair(x, scheme)], kinds, axis=0, num=2)
    return [_pair(part, scheme) for part in parts]


def _padv2(x: ir.Value) -> list[ir.Value]:
    scheme = scheme_of_range((-4.0, 5.0), EIGHT)
    kind = tensor_type((), scheme.element_type())
    fill = tfl.emit("pseudo_qconst", [], kind, qtype=kind, value=np.array(100, np.int8))
    floats = tfl.emit("dequantize", [fill], tensor_type((), "f32"))
    sides = tfl.constant(_i32([0, 1], [1, 0]))
    return [
        _pair(
            tfl.emit("padv2", [_pair(x, scheme), sides, floats], tensor_type((3, 7), "f32")), scheme
        )
    ]


@pytest.mark.parametrize("build", [_split, _split_v, _unpack, _padv2], ids=lambda b: b.__name__)
def test_moves_of_several_values(build: Build, tmp_path: Path) -> None:
    x = np.random.default_rng(3).normal(size=(2, 6)).astype(np.float32)
    program = program_of(build, [x])
    path = tmp_path / "model.tflite"
    writer.write(program, path)
    expected = Runner(path, delegate=False).run({"x0": x})
    Repeat((FuseQuantized(), EliminateCommonSubexpressions())).run(program)
    names = [op_name(op) for op in body_of(program.signatures()[0]).operations]
    assert names.count("tfl.quantize") == 1
    assert names.count(f"tfl.{build.__name__[1:]}") == 1
    writer.write(program, path)
    for delegate in (True, False):
        for name, actual in Runner(path, delegate=delegate).run({"x0": x}).items():
            assert_close(actual, expected[name], "float32 op")


# ---- ratios of scales ----------------------------------------------------------------------------


def _scheme(scale: float, zero: int = 0, storage: str = EIGHT) -> QuantizedType:
    return QuantizedType(storage, (float(np.float32(scale)),), (zero,))


@pytest.mark.parametrize("steps", [FINEST_SUM, 1.0, 1e-3])
def test_sums_are_right_up_to_the_limit(steps: float, tmp_path: Path) -> None:
    """Where the table says so; beyond it the kernel's results are nonsense."""
    rng = np.random.default_rng(5)
    x, y = (rng.integers(-3, 4, (4, 16)).astype(np.int8) for _ in "xy")
    operand, result = _scheme(1.0), _scheme(1.0 / steps)
    assert why_not_integer("add", [operand, operand], result) is None
    kind = tensor_type((4, 16), operand.element_type())
    program = program_of(
        lambda a, b: tfl.emit("add", [a, b], tensor_type((4, 16), result.element_type())),
        [kind, kind],
    )
    wanted = np.clip(np.rint((x.astype(np.float64) + y) * steps), -128, 127)
    for delegate in (True, False):
        actual = _run(program, [x, y], tmp_path, delegate=delegate)
        assert np.abs(actual - wanted).max() <= 1


def test_what_kernels_get_wrong_is_refused() -> None:
    one, fine = _scheme(1.0), _scheme(1.0 / 300)
    assert "64" in (why_not_integer("add", [one, one], fine) or "")
    assert "256" in (why_not_integer("fully_connected", [one], fine, 1.0) or "")
    assert why_not_integer("fully_connected", [one], fine, 0.5) is None
    assert why_not_integer("div", [one, one], one) == "there is no div of integers"
    assert "i16" in (
        why_not_integer("gelu", [_scheme(1, 0, SIXTEEN)], _scheme(1, 0, SIXTEEN)) or ""
    )
    assert "zero point" in (
        why_not_integer("abs", [_scheme(1, 3, SIXTEEN)], _scheme(1, 0, SIXTEEN)) or ""
    )
    assert "sizes" in (why_not_integer("add", [one, _scheme(1, 0, SIXTEEN)], one) or "")
    assert "sets the scale" in (why_not_integer("logistic", [one], one) or "")
    assert "one scale" in (why_not_integer("reshape", [one], fine) or "")
