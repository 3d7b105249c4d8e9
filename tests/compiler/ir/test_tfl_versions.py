"""The lowest version of an op that a use of it needs."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from litewright.compiler.ir import mlir, tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.quantized_type import QuantizedType
from litewright.compiler.ir.types import tensor_type
from litewright.lowering.tfl_to_flatbuffer.runtime_versions import (
    FIRST_RELEASES,
    first_release,
    newest,
)

_SAME = {"padding": "SAME"}
_PER_AXIS = "axis"


@pytest.fixture(autouse=True)
def _module() -> Iterator[None]:
    with mlir.use(mlir.make_context()), ir.InsertionPoint(ir.Module.create().body):
        yield


def _type(text: str) -> ir.Type:
    """`f32[2,3]`, `qi8[2,3]` with one scale, `axis qi8[2,3]` with one for each index of the first axis."""
    granularity, _, rest = text.rpartition(" ")
    element, _, dimensions = rest.removesuffix("]").partition("[")
    shape = [int(n) for n in dimensions.split(",") if n]
    if not element.startswith("q"):
        return tensor_type(shape, ir.Type.parse(element))
    count = shape[0] if granularity == _PER_AXIS else 1
    axis = 0 if granularity == _PER_AXIS else None
    quantised = QuantizedType(element[1:], (0.5,) * count, (0,) * count, axis)
    return tensor_type(shape, quantised.element_type())


def _version(
    name: str, operands: Sequence[str | None], results: Sequence[str], **attributes: Any
) -> int:
    sources = [
        None if each is None else ir.Operation.create("test.source", results=[_type(each)]).result
        for each in operands
    ]
    values = tfl.emit_many(name, sources, [_type(each) for each in results], **attributes)
    owner = values[0].owner
    assert not isinstance(owner, ir.Block)
    return tfl.OPS[name].version(
        tfl.facts_of(owner.opview if isinstance(owner, ir.Operation) else owner)
    )


_DENSE = ["f32[2,4]", "f32[3,4]", "f32[3]"]

_CASES: list[tuple[int, str, list[str | None], list[str], dict[str, Any]]] = [
    (1, "fully_connected", [*_DENSE], ["f32[2,3]"], {}),
    (1, "fully_connected", ["f32[2,4]", "f32[3,4]", None], ["f32[2,3]"], {}),
    (5, "fully_connected", [*_DENSE], ["f32[2,3]"], {"keep_num_dims": True}),
    (3, "fully_connected", ["f32[2,4]", "qi8[3,4]", None], ["f32[2,3]"], {}),
    (9, "fully_connected", ["f32[2,4]", "qi8[3,4]", None], ["f32[2,3]"], {"asymmetric_quantize_inputs": True}),
    (12, "fully_connected", ["f32[2,4]", "axis qi8[3,4]", None], ["f32[2,3]"], {}),
    (14, "fully_connected", ["f32[2,4]", "axis qi2[3,4]", None], ["f32[2,3]"], {}),
    (4, "fully_connected", ["qi8[2,4]", "qi8[3,4]", "qi32[3]"], ["qi8[2,3]"], {}),
    (10, "fully_connected", ["qi8[2,4]", "qi4[3,4]", "qi32[3]"], ["qi8[2,3]"], {}),
    (7, "fully_connected", ["qi16[2,4]", "qi8[3,4]", None], ["qi16[2,3]"], {}),
    (13, "fully_connected", ["qi16[2,4]", "qi4[3,4]", None], ["qi16[2,3]"], {}),
    (1, "batch_matmul", ["f32[2,4]", "f32[4,3]"], ["f32[2,3]"], {}),
    (2, "batch_matmul", ["qi8[2,4]", "qi8[4,3]"], ["qi8[2,3]"], {}),
    (3, "batch_matmul", ["qi16[2,4]", "qi16[4,3]"], ["qi16[2,3]"], {}),
    (4, "batch_matmul", ["f32[2,4]", "qi8[4,3]"], ["f32[2,3]"], {"asymmetric_quantize_inputs": True}),
    (1, "conv_2d", ["f32[1,4,4,2]", "f32[6,1,1,2]", "f32[6]"], ["f32[1,4,4,6]"], _SAME),
    (6, "conv_2d", ["f32[1,4,4,2]", "f32[6,1,1,1]", "f32[6]"], ["f32[1,4,4,6]"], _SAME),
    (2, "conv_2d", ["f32[1,4,4,2]", "qi8[6,1,1,2]", "f32[6]"], ["f32[1,4,4,6]"], _SAME),
    (5, "conv_2d", ["f32[1,4,4,2]", "axis qi8[6,1,1,2]", "f32[6]"], ["f32[1,4,4,6]"], _SAME),
    (3, "conv_2d", ["qi8[1,4,4,2]", "qi8[6,1,1,2]", "qi32[6]"], ["qi8[1,4,4,6]"], _SAME),
    (7, "conv_2d", ["qi8[1,4,4,2]", "qi4[6,1,1,2]", "qi32[6]"], ["qi8[1,4,4,6]"], _SAME),
    (4, "conv_2d", ["qi16[1,4,4,2]", "qi8[6,1,1,2]", "i64[6]"], ["qi16[1,4,4,6]"], _SAME),
    (1, "depthwise_conv_2d", ["f32[1,4,4,2]", "f32[1,1,1,2]", "f32[2]"], ["f32[1,4,4,2]"], _SAME),
    (2, "depthwise_conv_2d", ["f32[1,4,4,2]", "f32[1,1,1,2]", "f32[2]"], ["f32[1,4,4,2]"],
     {**_SAME, "dilation_h_factor": 2}),
    (3, "depthwise_conv_2d", ["qi8[1,4,4,2]", "qi8[1,1,1,2]", "qi32[2]"], ["qi8[1,4,4,2]"], _SAME),
    (1, "transpose_conv", ["i32[4]", "f32[2,1,1,2]", "f32[1,4,4,2]", None], ["f32[1,4,4,2]"], _SAME),
    (3, "transpose_conv", ["i32[4]", "f32[2,1,1,2]", "f32[1,4,4,2]", "f32[2]"], ["f32[1,4,4,2]"], _SAME),
    (4, "transpose_conv", ["i32[4]", "f32[2,1,1,2]", "f32[1,4,4,2]", None], ["f32[1,4,4,2]"],
     {**_SAME, "fused_activation_function": "RELU"}),
    (1, "embedding_lookup", ["i32[2]", "f32[5,3]"], ["f32[2,3]"], {}),
    (1, "embedding_lookup", ["i32[2]", "qi8[5,3]"], ["f32[2,3]"], {}),
    (4, "embedding_lookup", ["i32[2]", "axis qi8[5,3]"], ["f32[2,3]"], {}),
    (4, "embedding_lookup", ["i32[2]", "axis qi4[5,4]"], ["f32[2,4]"], {}),
    (5, "embedding_lookup", ["i32[2]", "qi2[5,4]"], ["f32[2,4]"], {}),
    (1, "add", ["f32[2,3]", "f32[3]"], ["f32[2,3]"], {}),
    (6, "add", ["f16[2,3]", "f16[3]"], ["f16[2,3]"], {}),
    (4, "add", ["i64[2,3]", "i64[3]"], ["i64[2,3]"], {}),
    (2, "add", ["qi8[2,3]", "qi8[3]"], ["qi8[2,3]"], {}),
    (5, "add", ["i16[2,3]", "i16[3]"], ["i16[2,3]"], {}),
    (1, "add", ["qi16[2,3]", "qi16[3]"], ["qi16[2,3]"], {}),
    (3, "add", ["qi16[2,3]", "qi16[3]"], ["qi16[2,3]"], {"pot_scale_int16": False}),
    (3, "sub", ["f32[1,1,1,2,3]", "f32[3]"], ["f32[1,1,1,2,3]"], {}),
    (2, "mul", ["qi8[2,3]", "qi8[3]"], ["qi8[2,3]"], {}),
    (6, "mul", ["complex<f32>[3]", "complex<f32>[3]"], ["complex<f32>[3]"], {}),
    (2, "div", ["f32[1,1,1,2,3]", "f32[3]"], ["f32[1,1,1,2,3]"], {}),
    (3, "maximum", ["f32[1,1,1,2,3]", "f32[3]"], ["f32[1,1,1,2,3]"], {}),
    (1, "transpose", ["f32[2,3,4,5]", "i32[4]"], ["f32[5,4,3,2]"], {}),
    (4, "transpose", ["f32[2,3,4,5,6]", "i32[5]"], ["f32[6,5,4,3,2]"], {}),
    (6, "transpose", ["f32[2,1,1,1,1,6]", "i32[6]"], ["f32[6,1,1,1,1,2]"], {}),
    (9, "transpose", ["f16[2,3]", "i32[2]"], ["f16[3,2]"], {}),
    (5, "slice", ["f32[1,1,1,2,3]", "i32[5]", "i32[5]"], ["f32[1,1,1,1,1]"], {}),
    (1, "dynamic_update_slice", ["f32[4,3]", "f32[1,3]", "i32[2]"], ["f32[4,3]"], {}),
    (1, "dynamic_update_slice", ["qi8[4,3]", "qi8[1,3]", "i32[2]"], ["qi8[4,3]"], {}),
    (2, "dynamic_update_slice", ["f32[4,3]", "f32[1,3]", "i64[2]"], ["f32[4,3]"], {}),
    (3, "dynamic_update_slice", ["f16[4,3]", "f16[1,3]", "i32[2]"], ["f16[4,3]"], {}),
    (5, "gather", ["f32[2,3]", "i32[2,1]"], ["f32[2,1]"], {"axis": 1, "batch_dims": 1}),
    (2, "broadcast_to", ["f32[3]", "i32[2]"], ["f32[2,3]"], {}),
    (3, "broadcast_to", ["i8[3]", "i32[2]"], ["i8[2,3]"], {}),
    (3, "resize_bilinear", ["f32[1,2,2,1]", "i32[2]"], ["f32[1,4,4,1]"], {"half_pixel_centers": True}),
    (3, "resize_nearest_neighbor", ["f32[1,2,2,1]", "i32[2]"], ["f32[1,4,4,1]"], {"align_corners": True}),
    (5, "cast", ["f32[3]"], ["f16[3]"], {}),
    (7, "cast", ["bf16[3]"], ["f32[3]"], {}),
    (5, "dequantize", ["axis qi8[3]"], ["f32[3]"], {}),
    (2, "dequantize", ["qi8[3]"], ["f32[3]"], {}),
    (3, "dequantize", ["f16[3]"], ["f32[3]"], {}),
    (1, "quantize", ["f32[3]"], ["qi8[3]"], {}),
    (3, "split", ["i32[]", "i32[4]"], ["i32[2]", "i32[2]"], {}),
]  # fmt: skip


@pytest.mark.parametrize(("version", "name", "operands", "results", "attributes"), _CASES, ids=str)
def test_version(
    version: int,
    name: str,
    operands: list[str | None],
    results: list[str],
    attributes: dict[str, Any],
) -> None:
    assert _version(name, operands, results, **attributes) == version


def test_weight_arguments_tell_their_quantisation_too() -> None:
    text = """
        func.func @f(%x: tensor<2x4xf32>, %w: tensor<3x4xi8> {litewright.weight = "w", litewright.quant =
            {scales = "s", axis = 0 : i32}}) {
          %n = "tfl.no_value"() {value} : () -> none
          %0 = "tfl.fully_connected"(%x, %w, %n) {fused_activation_function = "NONE", keep_num_dims = false,
              weights_format = "DEFAULT"} : (tensor<2x4xf32>, tensor<3x4xi8>, none) -> tensor<2x3xf32>
          return
        }"""
    module = ir.Module.parse(text)
    function = next(iter(module.body.operations))
    op = function.regions[0].blocks[0].operations[1]
    assert tfl.facts_of(op).granularity(1) == "axis"
    assert tfl.OPS["fully_connected"].version(tfl.facts_of(op)) == 12


def test_releases() -> None:
    assert first_release("FULLY_CONNECTED", 12) == "2.17.0"
    assert first_release("BROADCAST_TO", 1) is None
    assert first_release("FULLY_CONNECTED", 99) is None
    assert newest(["1.14.0", "2.9.0", "2.17.0"]) == "2.17.0"
    assert newest([]) == ""


def test_every_row_has_a_first_release() -> None:
    without = {row.builtin for row in tfl.OPS.values() if row.builtin} - FIRST_RELEASES.keys()
    assert without == {"CUSTOM"}
