"""Every legalisation on LiteRT, with the delegate and without, against XLA on the StableHLO."""

from dataclasses import dataclass

import numpy as np
import pytest

from litewright.compiler.diagnostics import UnsupportedError
from litewright.compiler.ir import mlir, tfl
from litewright.compiler.ir.types import dense
from litewright.lowering.stablehlo_to_tfl import legalise
from tests.support.programs import function, ops_of, program_of, random_inputs, run_on_litert
from tests.support.tolerances import assert_close
from tests.support.xla import run_program


def f32(*shape: int) -> str:
    return f"tensor<{'x'.join(map(str, (*shape, 'f32')))}>"


@dataclass(frozen=True)
class Case:
    name: str
    text: str
    kind: str = "float32 op"


def case(name: str, inputs: list[str], results: list[str], body: str, **options: object) -> Case:
    weights = options.get("weights", ())
    extra = options.get("extra", "")
    assert isinstance(weights, list | tuple)
    text = f"module {{\n{function(inputs, results, body, weights)}\n{extra}\n}}"
    return Case(name, text, str(options.get("kind", "float32 op")))


def unary(op: str) -> Case:
    kind = f32(3, 5)
    source = f"stablehlo.abs %a0 : {kind}" if op in {"log", "sqrt", "rsqrt"} else None
    body = f"%x = {source}\n" if source else ""
    operand = "%x" if source else "%a0"
    if op == "erf":
        body += f"%0 = chlo.erf {operand} : {kind} -> {kind}\nreturn %0 : {kind}"
    else:
        body += f"%0 = stablehlo.{op} {operand} : {kind}\nreturn %0 : {kind}"
    return case(op, [kind], [kind], body, kind="float32 transcendental")


def binary(op: str, element: str = "f32") -> Case:
    kind = f"tensor<3x5x{element}>"
    one = "%one = stablehlo.constant dense<1> : " + kind + "\n" if element != "f32" else ""
    right = "%a1"
    if element != "f32" and op in {"divide", "remainder"}:
        one += f"%d = stablehlo.add %a1, %one : {kind}\n"
        right = "%d"
    body = f"{one}%0 = stablehlo.{op} %a0, {right} : {kind}\nreturn %0 : {kind}"
    return case(f"{op}-{element}", [kind, kind], [kind], body)


def compare(direction: str, element: str = "f32") -> Case:
    kind, out = f"tensor<4x6x{element}>", "tensor<4x6xi1>"
    body = f"%0 = stablehlo.compare {direction}, %a0, %a1 : ({kind}, {kind}) -> {out}\nreturn %0 : {out}"
    return case(f"compare-{direction}-{element}", [kind, kind], [out], body, kind="exact")


def dot(
    name: str, left: tuple[int, ...], right: tuple[int, ...], result: tuple[int, ...], dims: str
) -> Case:
    a, b, r = f32(*left), f32(*right), f32(*result)
    body = f"%0 = stablehlo.dot_general %a0, %a1, {dims} : ({a}, {b}) -> {r}\nreturn %0 : {r}"
    return case(f"dot-{name}", [a, b], [r], body)


def weighted(
    name: str, left: tuple[int, ...], right: tuple[int, ...], result: tuple[int, ...], dims: str
) -> Case:
    a, b, r = f32(*left), f32(*right), f32(*result)
    body = f"%0 = stablehlo.dot_general %a0, %w0, {dims} : ({a}, {b}) -> {r}\nreturn %0 : {r}"
    return case(f"weight-{name}", [a], [r], body, weights=[b])


def convolution(
    name: str,
    image: tuple[int, int, int, int],
    kernel: tuple[int, int, int, int],
    *,
    stride: int = 1,
    pad: tuple[int, int, int, int] = (0, 0, 0, 0),
    dilation: int = 1,
    spread: int = 1,
    groups: int = 1,
    weight: bool = False,
) -> Case:
    n, _, h, w = image
    o, _, kh, kw = kernel
    oh = ((h - 1) * spread + 1 + pad[0] + pad[1] - (kh - 1) * dilation - 1) // stride + 1
    ow = ((w - 1) * spread + 1 + pad[2] + pad[3] - (kw - 1) * dilation - 1) // stride + 1
    x, k, r = f32(*image), f32(*kernel), f32(n, o, oh, ow)
    numbers = np.random.default_rng(5).normal(size=kernel).astype(np.float32)
    with mlir.use(mlir.make_context()):
        constant = f"%k = stablehlo.constant {dense(numbers)}\n"
    operand = "%w0" if weight else "%k"
    body = f"""{"" if weight else constant}
    %0 = stablehlo.convolution(%a0, {operand}) dim_numbers = [b, f, 0, 1]x[o, i, 0, 1]->[b, f, 0, 1],
      window = {{stride = [{stride}, {stride}], pad = [[{pad[0]}, {pad[1]}], [{pad[2]}, {pad[3]}]],
      lhs_dilate = [{spread}, {spread}], rhs_dilate = [{dilation}, {dilation}]}}
      {{batch_group_count = 1 : i64, feature_group_count = {groups} : i64}} : ({x}, {k}) -> {r}
    return %0 : {r}"""
    return case(f"convolution-{name}", [x], [r], body, weights=[k] if weight else [])


REDUCE = {"add": "0.0", "maximum": "0xFF800000", "minimum": "0x7F800000", "multiply": "1.0"}


def reduction(op: str, axes: list[int]) -> Case:
    shape = (3, 4, 5)
    result = f32(*(n for i, n in enumerate(shape) if i not in axes))
    body = f"""%z = stablehlo.constant dense<{REDUCE[op]}> : tensor<f32>
    %0 = stablehlo.reduce(%a0 init: %z) applies stablehlo.{op} across dimensions = {axes}
      : ({f32(*shape)}, tensor<f32>) -> {result}
    return %0 : {result}"""
    return case(f"reduce-{op}-{axes}", [f32(*shape)], [result], body)


UNARY = [
    "abs", "ceil", "cosine", "exponential", "floor", "log", "logistic", "negate", "round_nearest_even",
    "rsqrt", "sign", "sine", "sqrt", "tanh", "erf",
]  # fmt: skip
ARITHMETIC = ["add", "subtract", "multiply", "divide", "maximum", "minimum"]

CASES = [
    *map(unary, UNARY),
    *map(binary, ARITHMETIC),
    *(binary(op, "i32") for op in (*ARITHMETIC, "remainder")),
    *(binary(op, "i64") for op in ARITHMETIC if op != "divide"),
    *(binary(op, "i1") for op in ("and", "or", "xor")),
    *map(compare, ["EQ", "NE", "GE", "GT", "LE", "LT"]),
    compare("LT", "i32"),
    compare("EQ", "i1"),
    dot("batched", (2, 7, 3, 4), (2, 9, 3, 4), (2, 3, 7, 9),
        "batching_dims = [0, 2] x [0, 2], contracting_dims = [3] x [3]"),
    dot("plain", (2, 3, 4), (2, 4, 5), (2, 3, 5), "batching_dims = [0] x [0], contracting_dims = [2] x [1]"),
    dot("middle", (6, 4), (5, 4, 3), (6, 5, 3), "contracting_dims = [1] x [1]"),
    dot("two", (6, 4, 2), (4, 2, 3), (6, 3), "contracting_dims = [1, 2] x [0, 1]"),
    dot("vector", (4,), (4, 3), (3,), "contracting_dims = [0] x [0]"),
    dot("scalar", (4,), (4,), (), "contracting_dims = [0] x [0]"),
    dot("outer", (4,), (3,), (4, 3), "contracting_dims = [] x []"),
    weighted("nk", (2, 3, 8), (5, 8), (2, 3, 5), "contracting_dims = [2] x [1]"),
    weighted("kn", (3, 8), (8, 5), (3, 5), "contracting_dims = [1] x [0]"),
    weighted("first", (8, 3), (8, 5), (3, 5), "contracting_dims = [0] x [0]"),
    convolution("same", (2, 4, 9, 8), (6, 4, 3, 3), pad=(1, 1, 1, 1)),
    convolution("weight", (2, 4, 9, 8), (6, 4, 3, 3), pad=(1, 1, 1, 1), weight=True),
    convolution("strided", (2, 4, 9, 8), (6, 4, 3, 3), pad=(1, 1, 1, 1), stride=2),
    convolution("uneven", (1, 3, 7, 10), (5, 3, 2, 3), pad=(0, 1, 2, 0)),
    convolution("dilated", (1, 4, 12, 11), (6, 4, 3, 3), pad=(2, 2, 2, 2), dilation=2),
    convolution("depthwise", (2, 4, 9, 8), (8, 1, 3, 3), pad=(1, 1, 1, 1), groups=4),
    convolution("depthwise-weight", (2, 4, 9, 8), (8, 1, 3, 3), groups=4, weight=True),
    convolution("grouped", (2, 4, 9, 8), (6, 2, 3, 3), groups=2),
    convolution("transposed", (2, 4, 5, 6), (6, 4, 3, 3), pad=(1, 2, 1, 2), spread=2),
    *(reduction(op, axes) for op in REDUCE for axes in ([1], [0, 2])),
    case("broadcast", [f32(5, 3)], [f32(3, 4, 5)], f"""
      %0 = stablehlo.broadcast_in_dim %a0, dims = [2, 0] : ({f32(5, 3)}) -> {f32(3, 4, 5)}
      return %0 : {f32(3, 4, 5)}""", kind="exact"),
    case("slice", [f32(6, 7)], [f32(2, 3)], f"""
      %0 = stablehlo.slice %a0 [1:5:2, 2:5] : ({f32(6, 7)}) -> {f32(2, 3)}
      return %0 : {f32(2, 3)}""", kind="exact"),
    case("pad", [f32(3, 4)], [f32(4, 5)], f"""
      %z = stablehlo.constant dense<1.5> : tensor<f32>
      %0 = stablehlo.pad %a0, %z, low = [-1, 2], high = [2, -1], interior = [0, 0]
        : ({f32(3, 4)}, tensor<f32>) -> {f32(4, 5)}
      return %0 : {f32(4, 5)}""", kind="exact"),
    case("concatenate-many", [f32(2, 3)] * 7, [f32(2, 21)], f"""
      %0 = stablehlo.concatenate %a0, %a1, %a2, %a3, %a4, %a5, %a6, dim = 1
        : ({", ".join([f32(2, 3)] * 7)}) -> {f32(2, 21)}
      return %0 : {f32(2, 21)}""", kind="exact"),
    case("reverse", [f32(3, 4)], [f32(3, 4)], f"""
      %0 = stablehlo.reverse %a0, dims = [1] : {f32(3, 4)}
      return %0 : {f32(3, 4)}""", kind="exact"),
    case("select", ["tensor<3x4xi1>", f32(3, 4), f32(3, 4)], [f32(3, 4)], f"""
      %0 = stablehlo.select %a0, %a1, %a2 : tensor<3x4xi1>, {f32(3, 4)}
      return %0 : {f32(3, 4)}""", kind="exact"),
    case("clamp", [f32(3, 4)], [f32(3, 4), f32(3, 4)], f"""
      %l = stablehlo.constant dense<0.0> : tensor<f32>
      %h = stablehlo.constant dense<6.0> : tensor<f32>
      %m = stablehlo.constant dense<0.5> : tensor<f32>
      %0 = stablehlo.clamp %l, %a0, %h : (tensor<f32>, {f32(3, 4)}, tensor<f32>) -> {f32(3, 4)}
      %1 = stablehlo.clamp %l, %a0, %m : (tensor<f32>, {f32(3, 4)}, tensor<f32>) -> {f32(3, 4)}
      return %0, %1 : {f32(3, 4)}, {f32(3, 4)}""", kind="exact"),
    case("convert", ["tensor<3x4xi32>", "tensor<3x4xi1>"], [f32(3, 4), "tensor<3x4xi1>"], f"""
      %0 = stablehlo.convert %a0 : (tensor<3x4xi32>) -> {f32(3, 4)}
      %1 = stablehlo.convert %a1 : (tensor<3x4xi1>) -> {f32(3, 4)}
      %2 = stablehlo.add %0, %1 : {f32(3, 4)}
      %3 = stablehlo.convert %a0 : (tensor<3x4xi32>) -> tensor<3x4xi1>
      return %2, %3 : {f32(3, 4)}, tensor<3x4xi1>""", kind="exact"),
    case("iota", ["tensor<2x3xi32>"], ["tensor<2x3xi32>"], """
      %0 = stablehlo.iota dim = 1 : tensor<2x3xi32>
      %1 = stablehlo.add %0, %a0 : tensor<2x3xi32>
      return %1 : tensor<2x3xi32>""", kind="exact"),
    case("dynamic-slice", [f32(6, 5), "tensor<i32>", "tensor<i32>"], [f32(3, 4)], f"""
      %0 = stablehlo.dynamic_slice %a0, %a1, %a2, sizes = [3, 4]
        : ({f32(6, 5)}, tensor<i32>, tensor<i32>) -> {f32(3, 4)}
      return %0 : {f32(3, 4)}""", kind="exact"),
    case("dynamic-update-slice", [f32(6, 5), f32(2, 5), "tensor<i32>", "tensor<i32>"], [f32(6, 5)], f"""
      %0 = stablehlo.dynamic_update_slice %a0, %a1, %a2, %a3
        : ({f32(6, 5)}, {f32(2, 5)}, tensor<i32>, tensor<i32>) -> {f32(6, 5)}
      return %0 : {f32(6, 5)}""", kind="exact"),
    case("unknown-composite", [f32(3, 4)], [f32(3, 4)], f"""
      %0 = stablehlo.composite "some.thing" %a0 {{decomposition = @outer}} : ({f32(3, 4)}) -> {f32(3, 4)}
      return %0 : {f32(3, 4)}""", extra=f"""
      func.func private @outer(%a: {f32(3, 4)}) -> {f32(3, 4)} {{
        %0 = stablehlo.composite "some.inner" %a {{decomposition = @inner}} : ({f32(3, 4)}) -> {f32(3, 4)}
        %1 = stablehlo.subtract %a, %0 : {f32(3, 4)}
        return %1 : {f32(3, 4)} }}
      func.func private @inner(%a: {f32(3, 4)}) -> {f32(3, 4)} {{
        %0 = stablehlo.multiply %a, %a : {f32(3, 4)}
        return %0 : {f32(3, 4)} }}"""),
]  # fmt: skip


@pytest.mark.parametrize("each", CASES, ids=[each.name for each in CASES])
def test_litert_computes_what_xla_does(each: Case) -> None:
    with mlir.use(mlir.make_context()):
        program = program_of(each.text)
        inputs = random_inputs(program)
        expected = run_program(program, inputs)
        legalise(program)
        tfl.verify(program)
        for delegate in (True, False):
            actual = run_on_litert(program, inputs, delegate=delegate)
            for name, array in expected.items():
                assert_close(actual[name], array, each.kind)


def test_weight_in_two_forms_is_left_in_one() -> None:
    """A matrix that is multiplied by rows and by columns must be in the file once."""
    a, w, r = f32(4, 4), f32(4, 4), f32(4, 4)
    body = f"""%0 = stablehlo.dot_general %a0, %w0, contracting_dims = [1] x [1] : ({a}, {w}) -> {r}
    %1 = stablehlo.dot_general %0, %w0, contracting_dims = [1] x [0] : ({r}, {w}) -> {r}
    return %1 : {r}"""
    with mlir.use(mlir.make_context()):
        program = program_of(f"module {{ {function([a], [r], body, [w])} }}")
        inputs = random_inputs(program)
        expected = run_program(program, inputs)
        legalise(program)
        assert ops_of(program) == {"fully_connected": 1, "batch_matmul": 1}
        assert "transpose(w0" not in str(program.module)
        assert_close(run_on_litert(program, inputs)["r0"], expected["r0"], "float32 op")


def test_what_is_unsupported_is_told_all_at_once() -> None:
    kind = "tensor<3xi32>"
    body = f"""%0 = stablehlo.popcnt %a0 : {kind}
    %1 = stablehlo.count_leading_zeros %0 : {kind}
    return %1 : {kind}"""
    with mlir.use(mlir.make_context()):
        program = program_of(f"module {{ {function([kind], [kind], body)} }}")
        with pytest.raises(UnsupportedError) as caught:
            legalise(program)
    assert [item.op.split()[0] for item in caught.value.items] == [
        "stablehlo.popcnt",
        "stablehlo.count_leading_zeros",
    ]
