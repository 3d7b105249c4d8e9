"""Builders and views of tfl ops: what they fill in, what they refuse, what a visit costs."""

import time
from collections.abc import Iterator

import numpy as np
import pytest

from litewright.compiler.diagnostics import InternalError
from litewright.compiler.ir import mlir, tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import body_of
from litewright.compiler.ir.types import element_type
from tests.lowering.tfl_to_flatbuffer.programs import like, program_of


@pytest.fixture(autouse=True)
def _module() -> Iterator[None]:
    with mlir.use(mlir.make_context()), ir.InsertionPoint(ir.Module.create().body):
        yield


def _owner(value: ir.Value) -> ir.OpView:
    owner = value.owner
    assert not isinstance(owner, ir.Block)
    return owner.opview if isinstance(owner, ir.Operation) else owner


def test_defaults_are_written_out() -> None:
    x, w = tfl.constant(np.ones((2, 4), np.float32)), tfl.constant(np.ones((3, 4), np.float32))
    op = _owner(tfl.emit("fully_connected", [x, w], like(2, 3), keep_num_dims=True))
    assert dict(op.attributes.items()).keys() == {
        "fused_activation_function",
        "keep_num_dims",
        "weights_format",
    }
    assert len(op.operands) == 3
    assert tfl.is_no_value(op.operands[2])
    assert tfl.attribute(op, "keep_num_dims") is True
    assert tfl.attribute(op, "asymmetric_quantize_inputs") is None


def test_counts_are_filled_in() -> None:
    x = tfl.constant(np.ones((2, 4), np.float32))
    assert tfl.attribute(_owner(tfl.emit("pack", [x, x, x], like(3, 2, 4))), "values_count") == 3
    parts = tfl.emit_many("unpack", [x], [like(4)] * 2)
    assert tfl.attribute(_owner(parts[0]), "num") == 2


def test_defaults_of_ops_that_others_wrote() -> None:
    module = ir.Module.parse("""
        func.func @f(%x: tensor<2xf32>, %i: tensor<1xi32>) {
          %0 = "tfl.gather"(%x, %i) {axis = 0 : i32} : (tensor<2xf32>, tensor<1xi32>) -> tensor<1xf32>
          return
        }""")
    op = next(iter(module.body.operations)).regions[0].blocks[0].operations[0]
    assert tfl.attribute(op, "batch_dims") == 0
    assert tfl.attributes_of(op) == {"axis": 0, "batch_dims": 0}


@pytest.mark.parametrize(
    ("name", "attributes", "message"),
    [
        ("no_such_op", {}, "there is no op"),
        ("relu", {"alpha": 1.0}, "no attribute alpha"),
        ("leaky_relu", {}, "needs its attribute alpha"),
        ("add_n", {}, "takes"),
        ("max_pool_2d", {"padding": "FULL", "filter_height": 1, "filter_width": 1}, "one of SAME"),
        ("fake_quant", {"min": 0.0, "max": 1.0, "num_bits": 2.5}, "num_bits"),
    ],
)
def test_refuses(name: str, attributes: dict[str, object], message: str) -> None:
    x = tfl.constant(np.ones((1, 2, 2, 1), np.float32))
    results = [] if name == "add_n" else [x.type]
    with pytest.raises(InternalError, match=message):
        tfl.emit_many(name, [x], results, **attributes)


def test_views_name_operands_results_and_attributes() -> None:
    x, w = tfl.constant(np.ones((2, 4), np.float32)), tfl.constant(np.ones((3, 4), np.float32))
    op = _owner(tfl.emit("fully_connected", [x, w], like(2, 3), fused_activation_function="RELU"))
    assert type(op).__name__ == "FullyConnectedOp"
    assert (op.input, op.filter, op.bias) == (x, w, None)  # pyright: ignore[reportAttributeAccessIssue]
    assert op.fused_activation_function == "RELU"  # pyright: ignore[reportAttributeAccessIssue]
    joined = _owner(tfl.emit("concatenation", [x, x], like(4, 4), axis=0))
    assert joined.values == [x, x]  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("name", tfl.OPS)
def test_every_row_has_a_view(name: str) -> None:
    op = ir.Operation.create(f"tfl.{name}")
    assert f"tfl.{name}" == type(op.opview).OPERATION_NAME
    assert tfl.spec_of(op) is tfl.OPS[name]


def test_constants() -> None:
    array = np.array([[1.5, -2.0]], np.float32)
    value = tfl.constant(array)
    assert tfl.is_constant(value)
    np.testing.assert_array_equal(tfl.constant_of(value), array)
    full = tfl.constant_of(tfl.splat(7, (2, 3), element_type("i64")))
    np.testing.assert_array_equal(full, np.full((2, 3), 7))
    assert tfl.constant_of(tfl.emit("neg", [value], value.type)) is None
    assert not tfl.is_constant(tfl.emit("neg", [value], value.type))


@pytest.mark.parametrize(
    ("number", "element"),
    [(1.0, "i1"), (-3, "i4"), (2.5, "bf16"), (1e-3, "f16"), (-(2**40), "i64")],
)
def test_splat_of_any_element(number: float, element: str) -> None:
    value = tfl.constant_of(tfl.splat(number, (2,), element_type(element)))
    assert value is not None
    assert value.astype(np.float64).tolist() == pytest.approx([number] * 2, rel=1e-2)


def test_a_visit_costs_little() -> None:
    def chain(x: ir.Value) -> ir.Value:
        for _ in range(4000):
            x = tfl.emit("neg", [x], x.type)
        return x

    program = program_of(chain, [like(2)])
    body = body_of(program.signatures()[0])
    best = min(_seconds(body) for _ in range(5)) / 4000
    assert best < 5e-6, f"{best * 1e6:.1f} us"  # 0.5 us; 44 us if no view is registered


def _seconds(body: ir.Block) -> float:
    start = time.perf_counter()
    for op in body.operations:
        op_name(op)
    return time.perf_counter() - start
