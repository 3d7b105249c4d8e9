"""The verifier names the op that breaks a rule, the rule, and where the op comes from."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from litewright.compiler.diagnostics import VerifyError
from litewright.compiler.ir import mlir, tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.origin import Origin
from tests.lowering.tfl_to_flatbuffer.programs import like, program_of


@pytest.fixture(autouse=True)
def _context() -> Iterator[None]:
    with mlir.use(mlir.make_context()):
        yield


def _ints(*numbers: int) -> ir.Value:
    return tfl.constant(np.array(numbers, np.int32))


def _create(
    name: str, operands: list[ir.Value], result: ir.Type, **attributes: ir.Attribute
) -> ir.Value:
    """An op that the builders would refuse."""
    return ir.Operation.create(
        name, results=[result], operands=operands, attributes=attributes
    ).result


_WRONG: dict[str, tuple[Callable[[ir.Value], ir.Value], str]] = {
    "unknown op": (lambda x: _create("tfl.nonsense", [x], x.type), "tfl.nonsense: no op of tfl"),
    "left over": (lambda x: _create("stablehlo.abs", [x], x.type), "stablehlo.abs: no op of tfl"),
    "operand count": (lambda x: _create("tfl.neg", [x, x], x.type), "tfl.neg: has 2 operands"),
    "element type": (
        lambda x: tfl.emit("logical_not", [x], like(2, 3, element="i1")),
        "operand lhs cannot be of element type f32; i1 can",
    ),
    "result type": (
        lambda x: tfl.emit("greater", [x, x], x.type),
        "result output cannot be of element type f32",
    ),
    "rank": (
        lambda x: tfl.emit("average_pool_2d", [x], x.type, filter_height=1, filter_width=1, padding="SAME"),
        "operand input has rank 2, not 4",
    ),
    "missing operand": (
        lambda x: tfl.emit("add", [x, None], x.type),
        "operand rhs is missing",
    ),
    "unknown attribute": (
        lambda x: _create("tfl.neg", [x], x.type, alpha=ir.BoolAttr.get(True)),
        "unknown attribute alpha",
    ),
    "missing attribute": (
        lambda x: _create("tfl.leaky_relu", [x], x.type), "lacks its attribute alpha",
    ),
    "attribute kind": (
        lambda x: _create("tfl.leaky_relu", [x], x.type, alpha=ir.StringAttr.get("a")),
        "alpha should be of kind f32",
    ),
    "attribute value": (
        lambda x: _create("tfl.l2_normalization", [x], x.type, fused_activation_function=ir.StringAttr.get("SELU")),
        "fused_activation_function cannot be SELU",
    ),
    "same shape": (lambda x: tfl.emit("neg", [x], like(3, 2)), r"result shape \[3, 2\], which should be \[2, 3\]"),
    "broadcast": (lambda x: tfl.emit("add", [x, _floats(2)], x.type), "broadcast"),
    "reshape": (lambda x: tfl.emit("reshape", [x, _ints(5)], like(5)), r"\[2, 3\] does not reshape to \[5\]"),
    "transpose": (lambda x: tfl.emit("transpose", [x, _ints(0, 0)], like(2, 2)), "no order of 2 dimensions"),
    "concatenation": (
        lambda x: tfl.emit("concatenation", [x, x], like(2, 3), axis=0), r"should be \[4, 3\]",
    ),
    "slice": (lambda x: tfl.emit("slice", [x, _ints(1, 0), _ints(2, 3)], like(2, 3)), "leaves"),
    "reduction": (lambda x: tfl.emit("sum", [x, _ints(1)], like(2, 1)), r"should be \[2\]"),
    "fully connected": (
        lambda x: tfl.emit("fully_connected", [x, tfl.constant(np.ones((5, 4), np.float32))], like(2, 5)),
        r"input \[2, 3\] does not meet filter \[5, 4\]",
    ),
    "batch matmul": (lambda x: tfl.emit("batch_matmul", [x, x], like(2, 3)), "does not meet"),
    "gather": (lambda x: tfl.emit("gather", [x, _ints(0)], like(3), axis=0), r"should be \[1, 3\]"),
    "none": (lambda x: _create("tfl.neg", [x], ir.NoneType.get()), "result y is missing"),
}  # fmt: skip


def _floats(count: int) -> ir.Value:
    return tfl.constant(np.ones(count, np.float32))


@pytest.mark.parametrize("name", _WRONG)
def test_complains(name: str) -> None:
    build, message = _WRONG[name]

    def located(x: ir.Value) -> ir.Value:
        with Origin("encoder.layer", "thing", "model.py", 12).location():
            result = build(x)
        return x if isinstance(result.type, ir.NoneType) else result

    program = program_of(located, [like(2, 3)])
    with pytest.raises(VerifyError, match=message) as caught:
        tfl.verify(program)
    assert "encoder.layer.thing (model.py:12)" in str(caught.value)


def test_what_mlir_refuses() -> None:
    program = program_of(lambda x: tfl.emit("neg", [x], x.type), [like(2)])
    function = program.signatures()[0]
    function.attributes["function_type"] = ir.TypeAttr.get(
        ir.FunctionType.get([like(2)], [like(3)])
    )
    with pytest.raises(VerifyError, match="MLIR refuses"):
        tfl.verify(program)


def test_dynamic_dimensions_agree_with_any() -> None:
    unknown = -(2**63)
    program = program_of(
        lambda x: tfl.emit("reshape", [x, _ints(-1, 3)], like(unknown, 3)), [like(unknown, 3, 1)]
    )
    tfl.verify(program)
