"""Programs of one op in the shapes and types that decide whether, and how, the GPU delegate takes them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.quantized_type import QuantizedType
from litewright.compiler.ir.types import dense as dense_attribute
from litewright.compiler.ir.types import element_type, tensor_type
from tests.compiler.targets.single_ops import (
    Body,
    Inputs,
    concatenation,
    convolution,
    dense,
    depthwise,
    f32,
    i32,
    pool,
    run_time,
    split,
    transpose_conv,
    unary,
    with_ints,
)

Case = Callable[[], tuple[Inputs, Body]]
Shape = Sequence[int]

_NUMPY = {"f32": np.float32, "i32": np.int32, "i1": np.bool_, "f16": np.float16}


_COMPARISONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")


def constant(shape: Shape, element: str = "f32") -> ir.Value:
    numbers = np.random.default_rng(sum(shape)).normal(size=shape) * 3
    return tfl.constant(
        np.asarray(numbers if element != "i1" else numbers > 0).astype(_NUMPY[element])
    )


def mixed(
    name: str,
    operands: Sequence[tuple[Shape, str]],
    result: tuple[Shape, str],
    known: Sequence[int] = (),
    **attributes: object,
) -> tuple[Inputs, Body]:
    """An op some of whose operands (by position) are constants."""

    def body(*inputs: ir.Value) -> ir.Value:
        given = iter(inputs)
        values = [
            constant(*each) if position in known else next(given)
            for position, each in enumerate(operands)
        ]
        return tfl.emit(name, values, tensor_type(*result), **attributes)

    return [each for position, each in enumerate(operands) if position not in known], body


def elementwise(
    name: str,
    x: Shape,
    y: Shape,
    known: int | None = None,
    element: str = "f32",
    **attributes: object,
) -> tuple[Inputs, Body]:
    kind = "i1" if name in _COMPARISONS else element
    operands = [(x, element), (y, element)]
    result = list(np.broadcast_shapes(tuple(x), tuple(y))), kind
    return mixed(name, operands, result, () if known is None else (known,), **attributes)


def elementwise_cases() -> dict[str, Case]:
    """Each pair of shapes with both operands computed, and with either of them known."""
    pairs: list[tuple[Shape, Shape]] = [
        ([2, 3], [3]), ([3], [2, 3]), ([2, 3], []), ([2, 3], [1]), ([2, 3], [2, 1]), ([1, 3], [2, 1]),
        ([2, 3], [2, 3]), ([2, 3, 4], [4]), ([2, 3, 4], [3, 4]), ([2, 3, 4], [3, 1]), ([2, 3, 4], [2, 1, 1]),
        ([2, 3, 4], [1, 3, 4]), ([2, 3, 4], [1, 3, 1]), ([1, 3, 4], [2, 3, 4]), ([3, 4], [2, 3, 4]),
        ([2, 3, 4], [2, 3, 4]), ([2, 3, 4, 5], [5]), ([2, 3, 4, 5], [4, 5]), ([2, 3, 4, 5], [3, 4, 5]),
        ([2, 3, 4, 5], [3, 1, 1]), ([2, 3, 4, 5], [1, 3, 1, 1]), ([2, 3, 4, 5], [4, 1]), ([4, 1], [5]),
        ([2, 1, 4, 5], [1, 3, 4, 1]), ([1, 3, 4, 5], [2, 1, 1, 5]), ([2, 3, 4, 5], [2, 1, 1, 5]), ([5], [5]),
        ([5], []), ([3, 4, 5], [2, 3, 4, 5]), ([1, 1, 4, 4], [2, 3, 4, 4]), ([1, 2, 3, 4, 5], [5]),
        ([2, 3, 4, 5], [2, 3, 4, 5]), ([2, 4, 1], [5]), ([1, 4], [4, 1]), ([1, 1, 1, 5], [1, 3, 4, 5]),
    ]  # fmt: skip
    found: dict[str, Case] = {}

    def add(name: str, x: Shape, y: Shape, known: int | None, element: str = "f32") -> None:
        spelt = [f"{'known ' if known == n else ''}{list(s)}" for n, s in enumerate((x, y))]
        label = f"{name} {element} {' by '.join(spelt)}"
        found[label] = lambda: elementwise(name, x, y, known, element)

    for x, y in pairs:
        for name in ("add", "sub"):
            for known in (None, 0, 1):
                add(name, x, y, known)
        for known in (None, 1):
            add("mul", x, y, known, "i32")
            add("less", x, y, known)
        add("logical_and", x, y, None, "i1")
    other_elementwise(add)
    return found


def other_elementwise(add: Callable[..., None]) -> None:
    """Ops that broadcast as the others do, at fewer shapes."""
    for name in ("greater", "less_equal", "not_equal", "atan2"):
        add(name, [2, 3, 4], [2, 3, 4], None)
    for name in (
        "div",
        "pow",
        "maximum",
        "minimum",
        "squared_difference",
        "floor_div",
        "floor_mod",
    ):
        for y, known in (([4], None), ([4], 1), ([], 1), ([], 0)):
            # What is known may be negative, and its powers no numbers.
            if (name, known) != ("pow", 0):
                add(name, [2, 3, 4], y, known)
    for name in ("maximum", "equal", "greater_equal", "sub"):
        for y, known in (([4], None), ([], 1)):
            add(name, [2, 3, 4], y, known, "i32")
    for known in (None, 1):
        add("logical_or", [2, 3], [2, 3], known, "i1")
        add("logical_and", [2, 3], [3], known, "i1")
    add("add", [2, 3], [2, 3], None, "f16")


def activations() -> dict[str, Case]:
    names = (
        "abs", "ceil", "cos", "exp", "floor", "gelu", "log", "neg", "round", "rsqrt", "sin", "sqrt", "square",
        "relu", "relu6", "relu_n1_to_1", "hard_swish", "logistic", "tanh", "elu", "softmax", "sign",
        "log_softmax",
    )  # fmt: skip
    found: dict[str, Case] = {name: lambda n=name: unary(n, [2, 3, 4]) for name in names}
    for shape in ([5], [2, 3], [2, 3, 4, 5], [1, 2, 3, 4, 5]):
        for name in ("abs", "softmax", "gelu"):
            found[f"{name} {shape}"] = lambda n=name, s=shape: unary(n, s)
    for element in ("i32", "i64", "i1"):
        name = "logical_not" if element == "i1" else "abs"
        found[f"{name} {element}"] = lambda n=name, e=element: unary(n, [2, 3], e)
    return found | {
        "gelu with tanh": lambda: unary("gelu", approximate=True),
        "leaky_relu": lambda: unary("leaky_relu", [1, 2, 3, 4], alpha=0.1),
        "softmax with beta": lambda: unary("softmax", beta=0.5),
        "prelu": lambda: mixed("prelu", [([1, 4, 4, 3], "f32"), ([1, 1, 3], "f32")], ([1, 4, 4, 3], "f32"), [1]),
        **{
            f"pow {number}": lambda n=number: powers(n) for number in (2.0, 3.0, 0.5, -1.0, -2.0, 1.5)
        },
        **{
            f"{name} with {act}": lambda n=name, a=act: elementwise(
                n, [2, 3], [2, 3], fused_activation_function=a
            )
            for name in ("add", "mul")
            for act in ("RELU", "RELU6", "RELU_N1_TO_1")
        },
    }  # fmt: skip


def powers(exponent: float) -> tuple[Inputs, Body]:
    def body(x: ir.Value) -> ir.Value:
        return tfl.emit("pow", [x, tfl.constant(np.array(exponent, np.float32))], x.type)

    return [([2, 3, 4], "f32")], body


def reductions() -> dict[str, Case]:
    found: dict[str, Case] = {}
    for name in ("mean", "sum", "reduce_max", "reduce_min", "reduce_prod"):
        for shape, axes in (([2, 3, 4], [2]), ([2, 3, 4], [1]), ([2, 3, 4], [0]), ([2, 3, 4, 5], [1, 2]),
                            ([2, 3], [0, 1]), ([5], [0]), ([2, 3, 4], [-1]), ([2, 3, 4], [0, 1])):  # fmt: skip
            for keep in (False, True):
                taken = [axis % len(shape) for axis in axes]
                result = [
                    1 if n in taken else size
                    for n, size in enumerate(shape)
                    if keep or n not in taken
                ]
                found[f"{name} of {shape} over {axes}, {'kept' if keep else 'gone'}"] = (
                    lambda n=name, s=shape, r=result, a=axes, k=keep: with_ints(
                        n, s, r, a, keep_dims=k
                    )
                )
    for name in ("reduce_any", "reduce_all"):
        found[name] = lambda n=name: with_ints(n, [2, 3, 4], [2, 3], [2], element="i1")
    for name in ("arg_max", "arg_min"):
        for shape, axis in (([2, 3, 4], 2), ([2, 3, 4], 1), ([2, 5], 1), ([5], 0)):
            result = [size for n, size in enumerate(shape) if n != axis]
            for element in ("i32", "i64"):
                found[f"{name} of {shape} over {axis} to {element}"] = (
                    lambda n=name, s=shape, a=axis, r=result, e=element: (
                        [(s, "f32")],
                        lambda x: tfl.emit(
                            n, [x, tfl.constant(np.array(a, np.int32))], tensor_type(r, e)
                        ),
                    )
                )
    for shape, axis in (
        ([2, 5], 1),
        ([2, 5], 0),
        ([5], 0),
        ([2, 3, 4], 1),
        ([2, 3, 4, 5], 2),
        ([2, 3, 4], -1),
    ):
        found[f"cumsum of {shape} along {axis}"] = lambda s=shape, a=axis: with_ints(
            "cumsum", s, s, a
        )
    found["cumsum, exclusive"] = lambda: with_ints("cumsum", [2, 5], [2, 5], 1, exclusive=True)
    found["cumsum, reverse"] = lambda: with_ints("cumsum", [2, 5], [2, 5], 1, reverse=True)
    for shape, count in (([2, 5], 1), ([2, 8], 2), ([1, 1, 4, 8], 4), ([5], 2)):
        found[f"topk_v2 of {shape}, {count}"] = lambda s=shape, k=count: topk(s, k)
    return found


def topk(shape: Shape, count: int) -> tuple[Inputs, Body]:
    def body(x: ir.Value) -> list[ir.Value]:
        kinds = [tensor_type([*shape[:-1], count], element) for element in ("f32", "i32")]
        return tfl.emit_many("topk_v2", [x, tfl.constant(np.array(count, np.int32))], kinds)

    return [(shape, "f32")], body


def movements() -> dict[str, Case]:
    found: dict[str, Case] = {}
    for before, after in (([2, 3, 4], [6, 4]), ([24], [2, 3, 4]), ([2, 3, 4], [1, 2, 3, 4]), ([2, 3], [1, 1, 2, 3, 1]),
                          ([1], []), ([], [1])):  # fmt: skip
        found[f"reshape {before} to {after}"] = lambda b=before, a=after: with_ints(
            "reshape", b, a, a
        )
    for element in ("i32", "i1", "i64"):
        found[f"reshape {element}"] = lambda e=element: with_ints(
            "reshape", [6, 4], [4, 6], [4, 6], element=e
        )
        found[f"slice {element}"] = lambda e=element: with_ints(
            "slice", [6], [3], [2], [3], element=e
        )
        found[f"tile {element}"] = lambda e=element: with_ints(
            "tile", [1, 3], [2, 3], [2, 1], element=e
        )
    for order in ([0], [1, 0], [0, 2, 1], [2, 0, 1], [0, 2, 1, 3], [3, 2, 1, 0], [0, 2, 1, 3, 4]):
        shape = [2, 3, 4, 5, 1][: len(order)]
        found[f"transpose {order}"] = lambda s=shape, o=order: with_ints(
            "transpose", s, [s[n] for n in o], o
        )
    for shape, amounts in (([1, 2, 3, 4], [[0, 0], [1, 1], [1, 0], [0, 0]]),
                           ([1, 2, 3, 5], [[0, 0], [0, 0], [0, 0], [2, 1]]),
                           ([1, 2, 3, 4], [[1, 0], [0, 0], [0, 0], [0, 0]]),
                           ([2, 3, 4], [[0, 0], [1, 0], [0, 0]]),
                           ([4], [[1, 1]])):  # fmt: skip
        result = [n + a + b for n, (a, b) in zip(shape, amounts, strict=True)]
        found[f"pad {amounts}"] = lambda s=shape, r=result, a=amounts: with_ints("pad", s, r, a)
    for shape in ([5], [2, 3], [2, 6], [2, 8], [1, 9], [2, 3, 4], [2, 3, 4, 5]):
        for axis in range(len(shape)):
            found[f"reverse_v2 of {shape} along {axis}"] = lambda s=shape, a=axis: with_ints(
                "reverse_v2", s, s, [a]
            )
    for mode in ("REFLECT", "SYMMETRIC"):
        found[f"mirror_pad {mode}"] = lambda m=mode: with_ints(
            "mirror_pad", [1, 3, 3, 4], [1, 5, 4, 4], [[0, 0], [1, 1], [1, 0], [0, 0]], mode=m
        )
    for shape, times in (([2, 3], [1, 2]), ([1, 3, 1], [2, 1, 4]), ([1, 1, 2, 3], [2, 2, 1, 1])):
        result = [n * m for n, m in zip(shape, times, strict=True)]
        found[f"tile {shape} by {times}"] = lambda s=shape, r=result, m=times: with_ints(
            "tile", s, r, m
        )
    for name in ("depth_to_space", "space_to_depth"):
        for batch in (1, 2):
            shape = [batch, 2, 3, 8] if name == "depth_to_space" else [batch, 4, 6, 2]
            result = [batch, 4, 6, 2] if name == "depth_to_space" else [batch, 2, 3, 8]
            found[f"{name}, batch {batch}"] = lambda n=name, s=shape, r=result: with_ints(
                n, s, r, block_size=2
            )
    for axis in range(3):
        shape = [*([2, 3][:axis]), 2, *([2, 3][axis:])]
        found[f"pack at {axis}"] = lambda s=shape, a=axis: mixed(
            "pack", [([2, 3], "f32")] * 2, (s, "f32"), axis=a
        )
    return found | {
        "slice": lambda: with_ints("slice", [2, 3, 4, 5], [1, 2, 2, 2], [1, 0, 1, 2], [1, 2, 2, 2]),
        "slice of rank 5": lambda: with_ints(
            "slice", [1, 2, 3, 4, 5], [1, 1, 3, 4, 5], [0, 1, 0, 0, 0], [1, 1, 3, 4, 5]),
        "strided_slice": lambda: with_ints(
            "strided_slice", [2, 3, 4, 5], [1, 3, 2, 2], [0, 0, 0, 1], [2, 3, 4, 5], [2, 1, 3, 2]),
        "strided_slice, backwards": lambda: with_ints("strided_slice", [6], [6], [5], [-7], [-1]),
        "expand_dims": lambda: with_ints("expand_dims", [2, 3], [2, 1, 3], 1),
        "broadcast_to": lambda: with_ints("broadcast_to", [1, 3], [4, 3], [4, 3]),
        "padv2": lambda: padded([1, 2, 3, 4], [[0, 0], [1, 1], [1, 0], [0, 0]]),
        "padv2 of rank 3": lambda: padded([2, 3, 4], [[0, 0], [1, 0], [0, 1]]),
        "split_v": split_unevenly,
        "unpack": lambda: ([([2, 3, 4], "f32")], lambda x: tfl.emit_many(
            "unpack", [x], [tensor_type([2, 4], "f32")] * 3, axis=1)),
        "squeeze": lambda: with_ints("squeeze", [2, 1, 3], [2, 3], squeeze_dims=[1]),
        "scatter_nd": lambda: ([([3, 1], "i32"), ([3, 4], "f32")], lambda i, x: tfl.emit(
            "scatter_nd", [i, x, i32(6, 4)], tensor_type([6, 4], "f32"))),
        "concatenation of 2": lambda: concatenation(2),
        "concatenation of 9": lambda: concatenation(9),
        "split in 2": lambda: split(2),
        "split in 5": lambda: split(5),
        "run-time reshape": lambda: run_time("reshape", [2, 3], [3, 2], 2),
        "cast to i32": lambda: mixed("cast", [([2, 3], "f32")], ([2, 3], "i32")),
        "cast of i1": lambda: mixed("cast", [([2, 3], "i1")], ([2, 3], "f32")),
        "cast of i64": lambda: mixed("cast", [([3], "i64")], ([3], "i32")),
    }  # fmt: skip


def padded(shape: Shape, amounts: Sequence[Sequence[int]]) -> tuple[Inputs, Body]:
    """Padding with a number that is not zero."""
    result = [n + a + b for n, (a, b) in zip(shape, amounts, strict=True)]

    def body(x: ir.Value) -> ir.Value:
        wide, number = np.array(amounts, np.int32), np.array(-7.5, np.float32)
        operands = [x, tfl.constant(wide), tfl.constant(number)]
        return tfl.emit("padv2", operands, tensor_type(result, "f32"))

    return [(shape, "f32")], body


def split_unevenly() -> tuple[Inputs, Body]:
    def body(x: ir.Value) -> list[ir.Value]:
        sizes, axis = tfl.constant(np.array([2, 4], np.int32)), tfl.constant(np.array(1, np.int32))
        kinds = [tensor_type([2, size], "f32") for size in (2, 4)]
        return tfl.emit_many("split_v", [x, sizes, axis], kinds)

    return [([2, 6], "f32")], body


def rounded(storage: str) -> tuple[Inputs, Body]:
    """There and back: QUANTIZE and DEQUANTIZE."""

    def body(x: ir.Value) -> ir.Value:
        kind = QuantizedType(storage, (0.05,), (3 if storage == "i8" else 120,))
        of = tensor_type([2, 3], kind.element_type())
        return tfl.emit("dequantize", [tfl.emit("quantize", [x], of, qtype=of)], x.type)

    return [([2, 3], "f32")], body


def lookups() -> dict[str, Case]:
    def gather(
        x: Shape,
        indices: Shape,
        result: Shape,
        axis: int,
        *,
        known: Sequence[int] = (),
        batch: int = 0,
    ) -> Case:
        operands = [(x, "f32"), (indices, "i32")]
        return lambda: mixed(
            "gather", operands, (result, "f32"), known, axis=axis, batch_dims=batch
        )

    def update(x: Shape, y: Shape, element: str = "f32", known: Sequence[int] = ()) -> Case:
        operands = [(x, element), (y, element), ([len(x)], "i32")]
        return lambda: mixed("dynamic_update_slice", operands, (x, element), known)

    def choose(*shapes: Shape, known: Sequence[int] = ()) -> Case:
        result = list(np.broadcast_shapes(*map(tuple, shapes)))
        operands = [(shape, "i1" if n == 0 else "f32") for n, shape in enumerate(shapes)]
        return lambda: mixed("select_v2", operands, (result, "f32"), known)

    return {
        "gather rows": gather([5, 3], [2], [2, 3], 0),
        "gather columns": gather([3, 5], [2], [3, 2], 1),
        "gather of rank 4": gather([2, 4, 5, 3], [2], [2, 4, 2, 3], 2),
        "gather from the known": gather([5, 3], [2], [2, 3], 0, known=[0]),
        "gather at rank 2": gather([5, 3], [2, 2], [2, 2, 3], 0),
        "gather at a scalar": gather([5, 3], [], [3], 0),
        "gather in batches": gather([4, 5], [4, 2], [4, 2], 1, batch=1),
        "gather_nd": lambda: mixed("gather_nd", [([5, 4], "f32"), ([3, 1], "i32")], ([3, 4], "f32")),
        "embedding_lookup": lambda: mixed("embedding_lookup", [([3], "i32"), ([6, 7], "f32")], ([3, 7], "f32"), [1]),
        "update a vector": update([9], [2]),
        "update a matrix": update([5, 6], [2, 3]),
        "update of rank 3": update([4, 5, 6], [1, 2, 3]),
        "update of rank 4": update([2, 4, 5, 6], [1, 1, 2, 3]),
        "update past the end": update([1, 1, 3, 4], [1, 1, 3, 4]),
        "update i32": update([1, 4, 5, 6], [1, 1, 2, 3], "i32"),
        "update what is known": update([1, 4, 5, 6], [1, 1, 2, 3], known=[0]),
        "choose by the older op": lambda: mixed(
            "select", [([2, 3], "i1"), ([2, 3], "f32"), ([2, 3], "f32")], ([2, 3], "f32")),
        "choose": choose([2, 3, 4], [2, 3, 4], [2, 3, 4]),
        "choose or a number": choose([2, 3, 4], [2, 3, 4], [], known=[2]),
        "choose between numbers": choose([2, 3], [], [], known=[1, 2]),
        "choose by row": choose([2, 3, 1], [2, 3, 4], [2, 3, 4]),
        "choose by a vector": choose([4], [2, 3, 4], [2, 3, 4]),
        "choose a vector": choose([2, 3, 4], [2, 3, 4], [4]),
        "choose by a scalar": choose([], [2, 3, 4], [2, 3, 4]),
    }  # fmt: skip


def products() -> dict[str, Case]:
    found: dict[str, Case] = {}
    shapes: list[tuple[Shape, Shape]] = [
        ([3, 4], [4, 5]), ([2, 3, 4], [2, 4, 5]), ([1, 2, 3, 4], [1, 2, 4, 5]), ([2, 2, 3, 4], [2, 2, 4, 5]),
        ([2, 3, 4], [4, 5]), ([2, 3, 4], [1, 4, 5]), ([1, 3, 4], [2, 4, 5]), ([2, 4, 3, 4], [1, 1, 4, 5]),
        ([2, 3, 4], [2, 2, 4, 5]), ([2, 6, 3, 4], [4, 5]), ([2, 6, 3, 4], [6, 4, 5]),
    ]  # fmt: skip
    for x, y in shapes:
        for adj_x, adj_y in ((False, False), (False, True), (True, False)):
            for known in ((), (1,)):
                a = [*x[:-2], x[-1], x[-2]] if adj_x else x
                b = [*y[:-2], y[-1], y[-2]] if adj_y else y
                outer = np.broadcast_shapes(tuple(x[:-2]), tuple(y[:-2]))
                label = (
                    f"{list(a)}{'T' * adj_x} by {'known ' if known else ''}{list(b)}{'T' * adj_y}"
                )
                operands, result = [(a, "f32"), (b, "f32")], ([*outer, x[-2], y[-1]], "f32")
                found[f"batch_matmul {label}"] = (
                    lambda o=operands, r=result, k=known, ax=adj_x, ay=adj_y: mixed(
                        "batch_matmul", o, r, k, adj_x=ax, adj_y=ay
                    )
                )
    for shape, keep in (([2, 8], False), ([2, 3, 8], True), ([2, 3, 5, 8], True)):
        result = [*shape[:-1], 4]
        found[f"fully_connected of {shape}"] = lambda s=shape, r=result, k=keep: mixed(
            "fully_connected",
            [(s, "f32"), ([4, 8], "f32"), ([4], "f32")],
            (r, "f32"),
            [1, 2],
            keep_num_dims=k,
        )
    for storage in ("i8", "i4", "i2"):
        for per_row in (True, False):
            label = f"of {storage} with {'a scale for each row' if per_row else 'one scale'}"
            found[f"fully_connected {label}"] = lambda s=storage, p=per_row: (
                [([2, 8], "f32")],
                lambda x: tfl.emit(
                    "fully_connected",
                    [x, integers([4, 8], s, p), f32(4)],
                    tensor_type([2, 4], "f32"),
                ),
            )
            found[f"embedding_lookup {label}"] = lambda s=storage, p=per_row: (
                [([3], "i32")],
                lambda x: tfl.emit(
                    "embedding_lookup", [x, integers([6, 8], s, p)], tensor_type([3, 8], "f32")
                ),
            )
    return found | {
        "rounded to i8": lambda: rounded("i8"),
        "rounded to ui8": lambda: rounded("ui8"),
        "fully_connected": dense,
        "fully_connected with relu": lambda: dense(fused_activation_function="RELU"),
        "fully_connected, filter at run time": lambda: mixed(
            "fully_connected", [([2, 8], "f32"), ([4, 8], "f32"), ([4], "f32")], ([2, 4], "f32"), [2]),
        "fully_connected, bias at run time": lambda: mixed(
            "fully_connected", [([2, 8], "f32"), ([4, 8], "f32"), ([4], "f32")], ([2, 4], "f32"), [1]),
    }  # fmt: skip


def integers(shape: Shape, storage: str, per_row: bool) -> ir.Value:
    """A matrix of small integers with their scales."""
    random = np.random.default_rng(0)
    limit = {"i8": 127, "i4": 7, "i2": 1}[storage]
    scales = tuple(
        float(np.float32(s)) for s in random.uniform(0.01, 0.05, shape[0] if per_row else 1)
    )
    kind = QuantizedType(storage, scales, (0,) * len(scales), axis=0 if per_row else None)
    numbers = random.integers(-limit, limit + 1, shape).astype(np.int8)
    value = dense_attribute(numbers, element_type(storage))
    of = tensor_type(shape, kind.element_type())
    return tfl.emit("pseudo_qconst", [], of, qtype=of, value=value)


def images() -> dict[str, Case]:
    def resize(name: str, result: Shape, **attributes: Any) -> Case:
        return lambda: with_ints(name, [2, 4, 4, 2], [2, *result, 2], result, **attributes)

    def grouped() -> tuple[Inputs, Body]:
        operands = [([1, 8, 8, 4], "f32"), ([4, 3, 3, 2], "f32"), ([4], "f32")]
        return mixed("conv_2d", operands, ([1, 6, 6, 4], "f32"), [1, 2], padding="VALID")

    found: dict[str, Case] = {
        "conv_2d": convolution,
        "conv_2d with relu6": lambda: convolution(fused_activation_function="RELU6"),
        "conv_2d in groups": grouped,
        "depthwise_conv_2d": depthwise,
        "transpose_conv": transpose_conv,
        "max_pool_2d": lambda: pool("max_pool_2d", 2, 2),
        "average_pool_2d": lambda: pool("average_pool_2d", 3, 1),
        "max_pool_2d that skips": lambda: pool("max_pool_2d", 2, 3),
    }
    for name in ("resize_bilinear", "resize_nearest_neighbor"):
        found[name] = resize(name, [8, 8])
        found[f"{name}, corners"] = resize(name, [7, 5], align_corners=True)
        found[f"{name}, centres"] = resize(name, [8, 6], half_pixel_centers=True)
    return found


CASES: Mapping[str, Case] = {
    **elementwise_cases(), **activations(), **reductions(), **movements(), **lookups(), **products(), **images(),
}  # fmt: skip


def arrays_for(inputs: Inputs, *, positive: bool) -> dict[str, np.ndarray[Any, np.dtype[Any]]]:
    """An array for each input, by name, in which no two ways of broadcasting look alike."""
    random = np.random.default_rng(5)
    found: dict[str, np.ndarray[Any, np.dtype[Any]]] = {}
    for number, (shape, element) in enumerate(inputs):
        if element in ("f32", "f16"):
            normal = random.normal(size=shape) * 2
            array = (np.abs(normal) + 0.1 if positive else normal).astype(_NUMPY[element])
        elif element == "i1":
            array = random.integers(0, 2, shape).astype(np.bool_)
        else:
            array = random.integers(0, 5, shape).astype(np.int32 if element == "i32" else np.int64)
        found[f"x{number}"] = array
    return found
