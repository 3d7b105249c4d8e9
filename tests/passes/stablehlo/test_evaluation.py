"""What NumPy makes of each op equals what XLA makes of it, or NumPy stands back."""

import numpy as np
import pytest

from litewright.compiler.ir import mlir
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import Program, body_of
from litewright.compiler.ir.types import array_of
from litewright.compiler.weights import WeightStore
from litewright.passes.core import Pass
from litewright.passes.stablehlo import evaluation
from litewright.passes.stablehlo.evaluation import evaluate
from litewright.passes.stablehlo.fold_constants import FoldConstants
from tests.support.laws import tolerance_for
from tests.support.tolerances import assert_close

FLOATS = "[[0.5, -1.75, 2.5, 0.0], [-0.0, 3.5, 1.5, -2.5]]"
INTS = "[[5, -7, 0, 2], [-1, 9, 3, -128]]"
UNARY = [
    "abs",
    "ceil",
    "cosine",
    "exponential",
    "exponential_minus_one",
    "floor",
    "log",
    "log_plus_one",
    "logistic",
    "negate",
    "round_nearest_even",
    "rsqrt",
    "sign",
    "sine",
    "sqrt",
    "tanh",
]
BINARY = ["add", "subtract", "multiply", "divide", "maximum", "minimum", "remainder", "power"]
FOLD, ANY = "stablehlo.reduce(%x init: %s) applies", "stablehlo.reduce(%p init: %q) applies"
# Ops whose result has another type, as text of a function body over %x and %y of 2x4.
SHAPED = {
    "broadcast_in_dim": "stablehlo.broadcast_in_dim %x, dims = [2, 0] : ({0}) -> tensor<4x3x2x{1}>",
    "concatenate": "stablehlo.concatenate %x, %y, dim = 1 : ({0}, {0}) -> tensor<2x8x{1}>",
    "iota": "stablehlo.iota dim = 1 : tensor<2x5x{1}>",
    "pad": "stablehlo.pad %x, %s, low = [1, 0], high = [0, 2], interior = [0, 0] : "
    "({0}, tensor<{1}>) -> tensor<3x6x{1}>",
    "reshape": "stablehlo.reshape %x : ({0}) -> tensor<8x1x{1}>",
    "reverse": "stablehlo.reverse %x, dims = [1] : {0}",
    "slice": "stablehlo.slice %x [0:2, 1:4:2] : ({0}) -> tensor<2x2x{1}>",
    "transpose": "stablehlo.transpose %x, dims = [1, 0] : ({0}) -> tensor<4x2x{1}>",
    "reduce": f"{FOLD} stablehlo.add across dimensions = [1] : ({{0}}, tensor<{{1}}>) -> tensor<2x{{1}}>",
    "reduce maximum": f"{FOLD} stablehlo.maximum across dimensions = [0, 1] : ({{0}}, tensor<{{1}}>) -> tensor<{{1}}>",
    "select": "stablehlo.select %p, %x, %y : tensor<2x4xi1>, {0}",
    "select one": "stablehlo.select %q, %x, %y : tensor<i1>, {0}",
    "clamp": "stablehlo.clamp %s, %x, %y : (tensor<{1}>, {0}, {0}) -> {0}",
    **{
        f"compare {each}": f"stablehlo.compare {each}, %x, %y : ({{0}}, {{0}}) -> tensor<2x4xi1>"
        for each in ("EQ", "NE", "GE", "GT", "LE", "LT")
    },
    **{
        f"to {element}": f"stablehlo.convert %x : ({{0}}) -> tensor<2x4x{element}>"
        for element in ("f32", "f16", "bf16", "f64", "i1", "i8", "i32", "i64")
    },
}  # fmt: skip
LOGIC = {
    "not": "stablehlo.not %p : tensor<2x4xi1>",
    "and": "stablehlo.and %p, %r : tensor<2x4xi1>",
    "or": "stablehlo.or %p, %r : tensor<2x4xi1>",
    "xor": "stablehlo.xor %p, %r : tensor<2x4xi1>",
    "reduce or": f"{ANY} stablehlo.or across dimensions = [1] : (tensor<2x4xi1>, tensor<i1>) -> tensor<2xi1>",
    "reduce and": f"{ANY} stablehlo.and across dimensions = [1] : (tensor<2x4xi1>, tensor<i1>) -> tensor<2xi1>",
    "is finite": "stablehlo.is_finite %x : ({0}) -> tensor<2x4xi1>",
}  # fmt: skip


def module_of(ops: dict[str, str], element: str) -> ir.Module:
    """A function `main` of no arguments whose results are the ops', in order."""
    kind, numbers = f"tensor<2x4x{element}>", FLOATS if "f" in element else INTS
    lines = [
        f"%x = stablehlo.constant dense<{numbers}> : {kind}",
        f"%y = stablehlo.constant dense<{3 if 'i' in element else 1.25}> : {kind}",
        f"%s = stablehlo.constant dense<{-2 if 'i' in element else -0.25}> : tensor<{element}>",
        "%p = stablehlo.constant dense<[[1, 0, 0, 1], [0, 1, 1, 1]]> : tensor<2x4xi1>",
        "%r = stablehlo.constant dense<[[1, 1, 0, 0], [0, 1, 0, 1]]> : tensor<2x4xi1>",
        "%q = stablehlo.constant dense<true> : tensor<i1>",
    ]
    texts = [text.format(kind, element) for text in ops.values()]
    lines += [f"%{i} = {text}" for i, text in enumerate(texts)]
    types = [text.rpartition("->")[2] if "->" in text else text.rpartition(",")[2] if "select" in text
             else text.rpartition(":")[2] for text in texts]  # fmt: skip
    values = ", ".join(f"%{i}" for i in range(len(texts)))
    lines.append(f"return {values} : {', '.join(types)}")
    body = "\n".join(lines)
    return ir.Module.parse(f"func.func public @main() -> ({', '.join(types)}) {{\n{body}\n}}")


def elementwise(names: list[str]) -> dict[str, str]:
    return {name: f"stablehlo.{name} %x : {{0}}" for name in names if name in UNARY} | {
        name: f"stablehlo.{name} %x, %y : {{0}}" for name in names if name in BINARY
    }


@pytest.mark.parametrize(
    ("element", "ops"),
    [
        ("f32", elementwise(UNARY + BINARY) | SHAPED | LOGIC),
        ("f16", elementwise(["add", "multiply", "divide", "tanh", "rsqrt", "sqrt"])),
        ("bf16", elementwise(["add", "multiply", "divide", "tanh", "exponential"])),
        ("f64", elementwise(["add", "divide", "cosine"])),
        ("i32", elementwise(["abs", "negate", "sign", *BINARY[:-1]]) | SHAPED),
        ("i64", elementwise(["add", "multiply", "divide", "remainder"])),
        ("i8", elementwise(["add", "multiply", "subtract", "abs"])),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_numpy_computes_what_xla_computes(element: str, ops: dict[str, str]) -> None:
    with mlir.use(mlir.make_context()):
        program = Program(module_of(ops, element), WeightStore())
        (function,) = program.signatures()
        known = {}
        for op in body_of(function).operations:
            if op.results:
                results = evaluate(program, op, [known[operand] for operand in op.operands])
                assert results is not None, str(op)
                known.update(zip(op.results, results, strict=True))
        terminator = list(body_of(function).operations)[-1]
        ours = [known[operand] for operand in terminator.operands]
        for name, actual, expected in zip(ops, ours, mlir.run_on_xla(program.module), strict=True):
            kind = tolerance_for(expected)
            assert actual.dtype == expected.dtype, name
            close = np.isclose(
                actual.astype(np.float64), expected.astype(np.float64), equal_nan=True
            )
            assert close.all() or kind != "exact", name
            assert_close(np.nan_to_num(actual), np.nan_to_num(expected), kind)


STANDS_BACK = {
    "an op that is not known": "stablehlo.cbrt %x : {0}",
    "padding inside": "stablehlo.pad %x, %s, low = [0, 0], high = [0, 0], interior = [1, 0] : "
    "({0}, tensor<{1}>) -> tensor<3x4x{1}>",
    "a total order": "stablehlo.compare GT, %x, %y, TOTALORDER : ({0}, {0}) -> tensor<2x4xi1>",
}  # fmt: skip


@pytest.mark.parametrize(
    ("element", "text"),
    [
        *(("f32", text) for text in STANDS_BACK.values()),
        ("i32", "stablehlo.power %x, %y : {0}"),
        ("i32", "stablehlo.divide %y, %x : {0}"),
        ("i32", "stablehlo.remainder %y, %x : {0}"),
    ],
)
def test_numpy_stands_back(element: str, text: str) -> None:
    with mlir.use(mlir.make_context()):
        program = Program(module_of({"op": text}, element), WeightStore())
        ops = list(body_of(program.signatures()[0]).operations)
        known = [op for op in ops if op.operation.name == "stablehlo.constant"]
        arrays: dict[ir.Value, mlir.Array] = {
            op.results[0]: array_of(op.attributes["value"]) for op in known
        }
        op = ops[-2]
        assert evaluate(program, op, [arrays[operand] for operand in op.operands]) is None


def test_floats_that_no_integer_holds_are_left_to_xla() -> None:
    text = "stablehlo.convert %x : ({0}) -> tensor<2x4xi8>"
    with mlir.use(mlir.make_context()):
        program = Program(module_of({"op": text}, "f32"), WeightStore())
        op = list(body_of(program.signatures()[0]).operations)[-2]
        assert evaluate(program, op, [np.array([1e9, -3.0], np.float32)]) is None
        assert evaluate(program, op, [np.array([np.nan, 1.0], np.float32)]) is None


def test_xla_is_not_started_for_what_numpy_can_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> list[mlir.Array]:
        raise AssertionError("XLA was asked")

    monkeypatch.setattr(mlir, "run_on_xla", refuse)
    with mlir.use(mlir.make_context()):
        apply: Pass[Program] = FoldConstants()
        program = Program(module_of(elementwise(UNARY + BINARY), "f32"), WeightStore())
        assert apply.run(program)
        program = Program(module_of({"cbrt": "stablehlo.cbrt %x : {0}"}, "f32"), WeightStore())
        with pytest.raises(AssertionError, match="XLA was asked"):
            apply.run(program)


def test_every_op_of_the_table_is_compared() -> None:
    named = {*UNARY, *BINARY, *(key.split()[0] for key in (*SHAPED, *LOGIC))}
    table = {name.removeprefix("stablehlo.") for name in evaluation._EVALUATE}
    assert table - named == {"constant", "convert", "is_finite"}
