"""The layout pass on graphs that a builder writes: few transposes where it matters, right numbers always."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from litewright.compiler.ir import hlo, mlir
from litewright.compiler.ir.mlir import func, ir, op_name, stablehlo
from litewright.compiler.ir.program import NAME, WEIGHT, Program, body_of, set_result_names
from litewright.compiler.ir.types import element_type, shape_of, tensor_type
from litewright.compiler.weights import WeightStore
from litewright.compiler.weights.store import ArraySource
from litewright.passes.core import EliminateCommonSubexpressions
from litewright.passes.stablehlo.assign_layout import AssignLayout
from litewright.passes.stablehlo.layout import channels
from litewright.passes.stablehlo.layout.minimum_cut import ONE, ZERO, Network
from tests.support.text_cases import assert_laws

Body = Callable[[ir.Module, list[ir.Value]], list[ir.Value]]
RNG = np.random.default_rng(0)


def program_with(
    inputs: Sequence[Sequence[int]], build: Body, weights: Sequence[Sequence[int]] = ()
) -> Program:
    """A program of one function; `build` writes its body over the inputs and then the weights."""
    module, store = ir.Module.create(), WeightStore()
    kinds = [tensor_type(shape, "f32") for shape in (*inputs, *weights)]
    with ir.InsertionPoint(module.body):
        function = func.FuncOp("main", ir.FunctionType.get(kinds, []), visibility="public")
    with ir.InsertionPoint(function.add_entry_block()):
        results = build(module, list(function.arguments))
        func.ReturnOp(results)
    kind = ir.FunctionType.get(kinds, [r.type for r in results])
    function.attributes["function_type"] = ir.TypeAttr.get(kind)
    entries = [{NAME: f"x{i}"} for i in range(len(inputs))]
    entries += [{WEIGHT: f"w{i}"} for i in range(len(weights))]
    function.attributes["arg_attrs"] = ir.ArrayAttr.get(
        [ir.DictAttr.get({k: ir.StringAttr.get(v) for k, v in e.items()}) for e in entries]
    )
    set_result_names(function, [f"y{i}" for i in range(len(results))])
    for number, shape in enumerate(weights):
        values = np.random.default_rng(number).normal(size=shape).astype(np.float32)
        store.add(f"w{number}", ArraySource(values))
    return Program(module, store)


def conv(
    x: ir.Value, filters: int, size: int = 3, kernel: ir.Value | None = None, groups: int = 1
) -> ir.Value:
    """A convolution of [N, C, ...] that keeps the sizes."""
    rank = len(shape_of(x))
    shape = (filters, shape_of(x)[1] // groups, *([size] * (rank - 2)))
    if kernel is None:
        kernel = hlo.constant(
            (RNG.normal(size=shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
        )
    spatial = list(range(2, rank))
    numbers = stablehlo.ConvDimensionNumbers.get(
        input_batch_dimension=0, input_feature_dimension=1, input_spatial_dimensions=spatial,
        kernel_output_feature_dimension=0, kernel_input_feature_dimension=1,
        kernel_spatial_dimensions=spatial, output_batch_dimension=0, output_feature_dimension=1,
        output_spatial_dimensions=spatial,
    )  # fmt: skip
    padding = [(size // 2, size // 2)] * len(spatial)
    return hlo.convolution(
        x, kernel, numbers, strides=[1] * len(spatial), padding=padding, groups=groups
    )


def relu(x: ir.Value) -> ir.Value:
    return hlo.binary("maximum", x, hlo.splat_like(0.0, x))


def per_channel(x: ir.Value) -> ir.Value:
    values = RNG.normal(size=shape_of(x)[1]).astype(np.float32)
    return hlo.broadcast_in_dim(hlo.constant(values), shape_of(x), [1])


def mean(x: ir.Value) -> ir.Value:
    """[N, C, ...] -> [N, C]."""
    axes = list(range(2, len(shape_of(x))))
    total = hlo.reduce("add", x, axes, 0.0)
    return hlo.multiply(total, hlo.splat_like(0.1, total))


def ops_of(program: Program) -> Counter[str]:
    ops = body_of(program.signatures()[0]).operations
    return Counter(op_name(op).removeprefix("stablehlo.") for op in ops)


def laid_out(program: Program) -> Counter[str]:
    """The ops once the pass, whose laws are asserted, has run."""
    assert assert_laws(AssignLayout(), program)
    return ops_of(program)


@pytest.fixture(autouse=True)
def _context():
    with mlir.use(mlir.make_context()):
        yield


IMAGE = (2, 3, 6, 4)


def test_squeeze_and_excite_needs_no_transpose_of_its_own() -> None:
    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        x = conv(arguments[0], 8)
        squeezed = hlo.reshape(mean(x), [2, 8, 1, 1])
        gate = hlo.unary("logistic", conv(squeezed, 8, 1))
        y = hlo.multiply(x, hlo.broadcast_in_dim(gate, shape_of(x), range(4)))
        return [mean(conv(y, 5))]

    ops = laid_out(program_with([IMAGE], build))
    assert ops["transpose"] == 1


def test_dense_connections_share_one_order() -> None:
    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        x = conv(arguments[0], 4)
        for _ in range(3):
            normed = relu(hlo.add(hlo.multiply(x, per_channel(x)), per_channel(x)))
            x = hlo.concatenate([x, conv(normed, 4)], 1)
        return [x]

    assert laid_out(program_with([IMAGE], build))["transpose"] == 2


def test_a_value_read_in_both_orders_is_transposed_once() -> None:
    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        x = conv(arguments[0], 4)
        flat = hlo.reshape(x, [2, 4 * 6 * 4])
        return [flat, hlo.reshape(x, [8, 24]), conv(hlo.unary("tanh", x), 2)]

    ops = laid_out(program_with([IMAGE], build))
    assert ops["transpose"] == 3, "the input, x for both reshapes, the last result"


def test_elementwise_work_far_from_convolutions_keeps_its_order() -> None:
    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        x, y = arguments
        far = hlo.unary("tanh", hlo.add(y, hlo.unary("exponential", y)))
        return [hlo.unary("tanh", conv(x, 2)), hlo.reshape(far, [6, 24]), far]

    program = program_with([IMAGE, (2, 3, 6, 4)], build)
    assert laid_out(program)["transpose"] == 2


def test_the_models_own_transpose_is_absorbed() -> None:
    """Channels moved last for a layer norm, as ConvNeXt does, cost nothing."""

    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        x = conv(arguments[0], 8)
        last = hlo.transpose(x, [0, 2, 3, 1])
        y = hlo.multiply(
            last,
            hlo.broadcast_in_dim(hlo.constant(np.arange(8, dtype=np.float32)), shape_of(last), [3]),
        )
        return [mean(hlo.add(x, hlo.transpose(y, [0, 3, 1, 2])))]

    assert laid_out(program_with([IMAGE], build))["transpose"] == 1


def test_flattening_to_tokens_is_absorbed() -> None:
    """[N, C, H, W] -> [N, C, HW] -> [N, HW, C], as a vision transformer does."""

    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        x = conv(arguments[0], 8)
        return [hlo.transpose(hlo.reshape(x, [2, 8, 24]), [0, 2, 1])]

    assert laid_out(program_with([IMAGE], build))["transpose"] == 1


def test_no_transpose_where_sizes_of_one_trade_places() -> None:
    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        x = conv(arguments[0], 8, 1)
        return [conv(relu(x), 4, 1)]

    ops = laid_out(program_with([(2, 3, 1, 1)], build))
    assert ops["transpose"] == 0
    assert ops["reshape"] == 2


def test_one_dimensional_convolutions_too() -> None:
    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        return [mean(conv(relu(conv(arguments[0], 4)), 5))]

    assert laid_out(program_with([(2, 3, 7)], build))["transpose"] == 1


def test_depthwise_kernels_are_turned() -> None:
    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        return [conv(conv(arguments[0], 6, groups=3), 6, groups=2)]

    program = program_with([IMAGE], build)
    laid_out(program)
    text = str(program.module)
    assert "[b, 0, 1, f]x[i, 0, 1, o]->[b, 0, 1, f]" in text
    assert "[b, 0, 1, f]x[o, 0, 1, i]->[b, 0, 1, f]" in text


def test_kernels_that_are_weights_are_turned_as_symbols() -> None:
    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        x, kernel = arguments
        return [conv(relu(conv(x, 3, kernel=kernel)), 3, kernel=kernel)]

    program = program_with([IMAGE], build, weights=[(3, 3, 3, 3)])
    laid_out(program)
    assert str(program.module).count('litewright.weight = "transpose(w0, [0, 2, 3, 1])"') == 1
    assert '"w0"' not in str(program.module)


def test_a_kernel_that_something_else_reads_stays() -> None:
    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        x, kernel = arguments
        return [conv(x, 3, kernel=kernel), hlo.unary("tanh", kernel)]

    program = program_with([IMAGE], build, weights=[(3, 3, 3, 3)])
    laid_out(program)
    assert "[b, 0, 1, f]x[o, i, 0, 1]->[b, 0, 1, f]" in str(program.module)


def test_weights_that_are_added_are_turned_where_nothing_else_reads_them() -> None:
    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        x, position, shared = arguments
        y = hlo.add(conv(x, 3), position)
        return [mean(conv(hlo.add(y, shared), 2)), hlo.unary("tanh", shared)]

    program = program_with([IMAGE], build, weights=[IMAGE, IMAGE])
    ops = laid_out(program)
    assert 'litewright.weight = "transpose(w0, [0, 2, 3, 1])"' in str(program.module)
    assert ops["transpose"] == 2, "of the input and of the shared weight"


def test_loops_are_left_alone() -> None:
    """What a loop body reads from outside cannot be replaced."""
    text = """
    func.func @main(%x: tensor<1x2x3x3xf32> {litewright.name = "x"}) -> (tensor<1x2x3x3xf32> {litewright.name = "y"}) {
      %w = stablehlo.constant dense<0.5> : tensor<2x2x1x1xf32>
      %0 = stablehlo.convolution(%x, %w)
        dim_numbers = [b, f, 0, 1]x[o, i, 0, 1]->[b, f, 0, 1], window = {}
        {batch_group_count = 1 : i64, feature_group_count = 1 : i64}
        : (tensor<1x2x3x3xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x3x3xf32>
      %n = stablehlo.constant dense<3> : tensor<i32>
      %i = stablehlo.constant dense<0> : tensor<i32>
      %one = stablehlo.constant dense<1> : tensor<i32>
      %r:2 = stablehlo.while(%a = %i, %b = %0) : tensor<i32>, tensor<1x2x3x3xf32>
        cond { %c = stablehlo.compare LT, %a, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
               stablehlo.return %c : tensor<i1> }
        do { %a1 = stablehlo.add %a, %one : tensor<i32>
             %b1 = stablehlo.add %b, %0 : tensor<1x2x3x3xf32>
             stablehlo.return %a1, %b1 : tensor<i32>, tensor<1x2x3x3xf32> }
      return %r#1 : tensor<1x2x3x3xf32>
    }"""
    program = Program(ir.Module.parse(text), WeightStore())
    assert not assert_laws(AssignLayout(), program)


# ---- composites ----------------------------------------------------------------------------------


def composite(
    module: ir.Module,
    name: str,
    x: ir.Value,
    build: Callable[[ir.Value], ir.Value],
    **attributes: ir.Attribute,
) -> ir.Value:
    """A composite of one operand whose decomposition `build` writes."""
    kinds: list[ir.Type] = []

    def body(arguments: Sequence[ir.Value]) -> list[ir.Value]:
        result = build(arguments[0])
        kinds.append(result.type)
        return [result]

    function = hlo.private_function(module, name, [x.type], body)
    return hlo.composite(name, [x], kinds, attributes, function)[0]


def pair(a: int, b: int) -> ir.Attribute:
    return ir.DenseI64ArrayAttr.get([a, b])


def max_pool(module: ir.Module, x: ir.Value) -> ir.Value:
    def decompose(x: ir.Value) -> ir.Value:
        return hlo.reduce_window(
            "maximum", x, -np.inf, window=[1, 1, 2, 2], strides=[1, 1, 2, 2], padding=[(0, 0)] * 4
        )

    return composite(
        module, "aten.max_pool2d", x, decompose, kernel_size=pair(2, 2), stride=pair(2, 2),
        padding=pair(0, 0), dilation=pair(1, 1), ceil_mode=ir.BoolAttr.get(False),
        layout=ir.StringAttr.get("NCHW"),
    )  # fmt: skip


def softmax(module: ir.Module, x: ir.Value, dim: int) -> ir.Value:
    def decompose(x: ir.Value) -> ir.Value:
        e = hlo.unary("exponential", x)
        total = hlo.reduce("add", e, [dim], 0.0)
        kept = [i for i in range(len(shape_of(x))) if i != dim]
        return hlo.binary("divide", e, hlo.broadcast_in_dim(total, shape_of(x), kept))

    attribute = ir.IntegerAttr.get(element_type("i64"), dim)
    return composite(module, "aten.softmax", x, decompose, dim=attribute)


def hardswish(module: ir.Module, x: ir.Value) -> ir.Value:
    def decompose(x: ir.Value) -> ir.Value:
        clipped = hlo.binary(
            "minimum", relu(hlo.add(x, hlo.splat_like(3.0, x))), hlo.splat_like(6.0, x)
        )
        return hlo.multiply(x, hlo.binary("divide", clipped, hlo.splat_like(6.0, x)))

    return composite(module, "aten.hardswish", x, decompose)


def group_norm(module: ir.Module, x: ir.Value, groups: int) -> ir.Value:
    shape = shape_of(x)
    weight = hlo.constant(RNG.normal(size=shape[1]).astype(np.float32))
    bias = hlo.constant(RNG.normal(size=shape[1]).astype(np.float32))

    def decompose(arguments: Sequence[ir.Value]) -> list[ir.Value]:
        x, weight, bias = arguments
        rows = hlo.reshape(x, [shape[0], groups, -(-int(np.prod(shape[1:])) // groups)])

        def average(y: ir.Value) -> ir.Value:
            total = hlo.reduce("add", y, [2], 0.0)
            scaled = hlo.binary("divide", total, hlo.splat_like(shape_of(y)[2], total))
            return hlo.broadcast_in_dim(scaled, shape_of(y), [0, 1])

        centred = hlo.binary("subtract", rows, average(rows))
        variance = average(hlo.multiply(centred, centred))
        normed = hlo.multiply(
            centred, hlo.unary("rsqrt", hlo.add(variance, hlo.splat_like(1e-5, variance)))
        )
        spread = [hlo.broadcast_in_dim(p, shape, [1]) for p in (weight, bias)]
        return [hlo.add(hlo.multiply(hlo.reshape(normed, shape), spread[0]), spread[1])]

    name = hlo.private_function(
        module, "aten.group_norm", [x.type, weight.type, bias.type], decompose
    )
    attributes = {
        "num_groups": ir.IntegerAttr.get(element_type("i64"), groups),
        "eps": ir.FloatAttr.get(element_type("f32"), 1e-5),
        "has_weight": ir.BoolAttr.get(True),
        "has_bias": ir.BoolAttr.get(True),
    }
    return hlo.composite("aten.group_norm", [x, weight, bias], [x.type], attributes, name)[0]


def test_pools_say_their_layout() -> None:
    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        return [mean(max_pool(module, relu(conv(arguments[0], 4))))]

    program = program_with([IMAGE], build)
    assert laid_out(program)["transpose"] == 1
    assert 'layout = "NHWC"' in str(program.module)


def test_softmax_over_channels_goes_along() -> None:
    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        return [softmax(module, conv(arguments[0], 4), 1)]

    program = program_with([IMAGE], build)
    assert laid_out(program)["transpose"] == 2
    assert "dim = 3" in str(program.module)


def test_softmax_over_rows_is_better_off_with_them_last() -> None:
    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        return [softmax(module, conv(arguments[0], 4), 3)]

    program = program_with([IMAGE], build)
    assert laid_out(program)["transpose"] == 2
    assert "composite_attributes = {dim = 3" in str(program.module)


def test_elementwise_composites_go_along_and_stay_elementwise() -> None:
    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        return [mean(conv(hardswish(module, conv(arguments[0], 4)), 4))]

    program = program_with([IMAGE], build)
    assert laid_out(program)["transpose"] == 1
    (body,) = [f for f in program.functions() if f.name.value.startswith("aten.hardswish")]
    assert all(op_name(op) != "stablehlo.transpose" for op in body_of(body).operations)


def test_composites_of_unknown_meaning_are_read_as_they_were() -> None:
    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        x = conv(arguments[0], 4)
        y = composite(module, "user.sum", x, lambda v: hlo.reduce("add", v, [0, 1], 0.0))
        return [y]

    assert laid_out(program_with([IMAGE], build))["transpose"] == 2


def test_group_norms_go_along() -> None:
    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        x = relu(group_norm(module, conv(arguments[0], 8), 4))
        return [mean(group_norm(module, conv(x, 4), 1))]

    program = program_with([IMAGE], build)
    assert laid_out(program)["transpose"] == 1


def test_scales_of_group_norms_are_no_larger_than_they_need_be() -> None:
    program = program_with(
        [IMAGE], lambda module, arguments: [mean(group_norm(module, conv(arguments[0], 8), 4))]
    )
    laid_out(program)
    (root,) = [
        op
        for op in body_of(program.signature("main")).operations
        if op_name(op) == "stablehlo.rsqrt"
    ]
    assert shape_of(root.results[0]) == (2, 1, 4, 1)


# ---- anything ------------------------------------------------------------------------------------


def random_graph(seed: int) -> Body:
    """A graph of a dozen ops, convolutions among them, over values of rank 4 and the odd one of less."""

    def build(module: ir.Module, arguments: list[ir.Value]) -> list[ir.Value]:
        rng = np.random.default_rng(seed)
        values = [conv(arguments[0], 4), arguments[0]]
        for _ in range(14):
            x = values[rng.integers(len(values))]
            made = random_op(module, rng, x, values)
            if made is not None:
                values.append(made)
        return [hlo.unary("tanh", v) for v in values[-3:]]

    return build


def random_op(  # noqa: C901 - a row per op
    module: ir.Module, rng: np.random.Generator, x: ir.Value, values: list[ir.Value]
) -> ir.Value | None:
    shape = shape_of(x)
    same = [v for v in values if shape_of(v) == shape]
    other = same[rng.integers(len(same))]
    if len(shape) != 4:
        return (
            hlo.unary("tanh", x)
            if len(shape) != 3
            else hlo.transpose(x, rng.permutation(3).tolist())
        )
    n, c, h, w = shape
    match int(rng.integers(18)):
        case 0:
            return conv(x, int(rng.integers(1, 5)))
        case 1:
            return max_pool(module, x) if h > 1 and w > 1 else None
        case 2:
            return hlo.add(x, other)
        case 3:
            return hlo.concatenate([x, other], int(rng.integers(4))) if n < 8 else None
        case 4:
            axis = int(rng.integers(4))
            start = [int(i == axis and size > 1) for i, size in enumerate(shape)]
            return hlo.slice(x, start, shape)
        case 5:
            low = rng.integers(0, 2, 4).tolist()
            return hlo.pad(x, hlo.splat(0.5, (), element_type("f32")), low, low[::-1])
        case 6:
            return hlo.multiply(x, per_channel(x))
        case 7:
            return hlo.transpose(x, rng.permutation(4).tolist())
        case 8:
            return hlo.reshape(x, [n, c, h * w])
        case 9:
            return hlo.reduce("maximum", x, [int(rng.integers(4))], float("-inf"))
        case 10:
            total = hlo.reduce("add", x, [2, 3], 0.0)
            return hlo.multiply(
                x, hlo.broadcast_in_dim(hlo.reshape(total, [n, c, 1, 1]), shape, range(4))
            )
        case 11:
            return softmax(module, hlo.unary("tanh", x), int(rng.integers(4)))
        case 12:
            return hardswish(module, x)
        case 13:
            total = hlo.reduce("add", x, [1], 0.0)
            return hlo.add(x, hlo.broadcast_in_dim(total, shape, [0, 2, 3]))
        case 14:
            counted = hlo.iota(shape, int(rng.integers(4)), element_type("f32"))
            return hlo.select(hlo.compare("GT", x, other), x, counted)
        case 15:
            values_ = rng.normal(size=shape).astype(np.float32)
            return hlo.add(x, hlo.constant(values_))
        case 16:
            return hlo.reverse(x, [int(rng.integers(4))])
        case _:
            return group_norm(module, x, 2) if c % 2 == 0 else hlo.reshape(x, [n * c, h * w])


@pytest.mark.parametrize("seed", range(24))
def test_any_graph_computes_the_same_with_no_more_transposes(seed: int) -> None:
    program = program_with([(2, 4, 4, 3)], random_graph(seed))
    EliminateCommonSubexpressions().run(program)
    before, anchors = ops_of(program), 0
    anchors = 2 * (before["convolution"] + str(program.module).count('layout = "NCHW"'))
    after = laid_out(program)
    assert after["transpose"] <= before["transpose"] + anchors


# ---- parts ---------------------------------------------------------------------------------------


def test_minimum_cut_finds_the_least_cost() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        nodes = 6
        costs = [
            (int(a), int(b), int(w)) for a, b, w in rng.integers(0, [nodes, nodes, 9], (14, 3))
        ]
        network = Network()
        for _ in range(nodes - 2):
            network.node()
        for one, zero, cost in costs:
            network.pay(one, zero, cost)

        def price(labels: Sequence[int], costs: list[tuple[int, int, int]] = costs) -> int:
            return sum(w for a, b, w in costs if labels[a] == 1 and labels[b] == 0)

        found = network.labels()
        assert (found[ONE], found[ZERO]) == (1, 0)
        rest = [
            [1, 0, *((bits >> i) & 1 for i in range(nodes - 2))] for bits in range(2 ** (nodes - 2))
        ]
        best = min(map(price, rest))
        assert price(found) == best
        most = max(sum(labels) for labels in rest if price(labels) == best)
        assert sum(found) == most, "channels last where it makes no difference"


@pytest.mark.parametrize("rank", range(6))
def test_orders_are_inverse(rank: int) -> None:
    order = channels.order(rank)
    assert sorted(order) == list(range(rank))
    assert [order[channels.place(rank, axis)] for axis in range(rank)] == list(range(rank))
