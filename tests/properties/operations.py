"""The steps that a random model may take: each draws its operands and options and adds itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.properties.graphs import LENGTHS, Builder, Call, NothingFitsError

Operation = Callable[[Builder], None]


# ---- element by element --------------------------------------------------------------------------

_SMOOTH: dict[str, Call] = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gelu": F.gelu,
    "gelu tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "softplus": F.softplus,
    "mish": F.mish,
    "elu": F.elu,
    "sin": torch.sin,
    "cos": torch.cos,
    "erf": torch.erf,
    "exp of tanh": lambda x: torch.tanh(x).exp(),
    "sqrt of square + 1": lambda x: (x * x + 1).sqrt(),
    "rsqrt of abs + 1": lambda x: (x.abs() + 1).rsqrt(),
    "1 / sqrt of abs + 1": lambda x: 1 / (x.abs() + 1).sqrt(),
    "log1p of abs": lambda x: x.abs().log1p(),
    "reciprocal of abs + 1": lambda x: (x.abs() + 1).reciprocal(),
    "written-out sigmoid": lambda x: 1 / (1 + (-x).exp()),
    "expm1 of tanh": lambda x: torch.tanh(x).expm1(),
}
_EXACT: dict[str, Call] = {
    "relu": F.relu,
    "neg": torch.neg,
    "abs": torch.abs,
    "relu6": F.relu6,
    "clamp": lambda x: x.clamp(-0.5, 0.75),
    "clamp_min": lambda x: x.clamp_min(0.25),
    "hardtanh": F.hardtanh,
    "double negation": lambda x: x.neg().neg(),
    "+ 0": lambda x: x + 0,
    "* 1": lambda x: x * 1.0,
    "* -1": lambda x: x * -1,
    "/ 4": lambda x: x / 4,
    "** 1": lambda x: x**1,
}
_ROUNDING: dict[str, Call] = {
    "square": torch.square,
    "** 2": lambda x: x**2,
    "** 3": lambda x: x**3,
    "** 0.5": lambda x: (x.abs() + 0.5) ** 0.5,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.1),
    "hardswish": F.hardswish,
    "hardsigmoid": F.hardsigmoid,
    "/ 3": lambda x: x / 3,
    "* 0.3": lambda x: x * 0.3,
    "1 -": lambda x: 1 - x,
    "rsub": lambda x: torch.rsub(x, 0.5, alpha=2),
}
_JUMPING: dict[str, Call] = {
    "floor": torch.floor,
    "ceil": torch.ceil,
    "round": torch.round,
    "sign": torch.sign,
    "trunc": torch.trunc,
}


def smooth(b: Builder) -> None:
    name = b.choose(list(_SMOOTH))
    b.add(name, _SMOOTH[name], [b.pick()])


def piecewise(b: Builder) -> None:
    name = b.choose(list(_EXACT))
    b.add(name, _EXACT[name], [b.pick()], keeps=True)


def rounding(b: Builder) -> None:
    name = b.choose(list(_ROUNDING))
    b.add(name, _ROUNDING[name], [b.pick()])


def jumping(b: Builder) -> None:
    name = b.choose(list(_JUMPING))
    b.add(name, _JUMPING[name], [b.pick(exact=True)], keeps=True)


_BINARY: dict[str, tuple[Call, bool]] = {
    "add": (torch.add, False),
    "sub": (torch.sub, False),
    "mul": (torch.mul, False),
    "maximum": (torch.maximum, True),
    "minimum": (torch.minimum, True),
    "divide by abs + 1": (lambda x, y: x / (y.abs() + 1), False),
    "add with alpha": (lambda x, y: torch.add(x, y, alpha=2), False),
    "add negated": (lambda x, y: x + (-y), False),
    "sub negated": (lambda x, y: x - (-y), False),
}


def broadcastable(shape: Sequence[int]) -> Callable[[tuple[int, ...]], bool]:
    def fits(other: tuple[int, ...]) -> bool:
        pairs = zip(reversed(shape), reversed(other), strict=False)
        return all(a == b or 1 in (a, b) for a, b in pairs)

    return fits


def binary(b: Builder) -> None:
    name = b.choose(list(_BINARY))
    call, keeps = _BINARY[name]
    x = b.pick()
    b.add(name, call, [x, b.pick(fits=broadcastable(b.shape(x)))], keeps=keeps)


def with_weight(b: Builder) -> None:
    """An elementwise op with a parameter that is broadcast."""
    name = b.choose(["mul", "add", "sub", "maximum"])
    call, _ = _BINARY[name]
    x = b.pick(ranks=range(1, 5))
    shape = b.shape(x)
    kept = [n if b.flag() else 1 for n in shape][b.integer(0, len(shape) - 1) :]
    w = b.weight(*kept)
    if b.flag():
        b.add(name, call, [x], [w])
    else:
        b.add(f"{name} from the left", lambda x, w: call(w, x), [x], [w])


# ---- integers and truths -------------------------------------------------------------------------

_COMPARISONS: dict[str, Call] = {
    "lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge, "eq": torch.eq, "ne": torch.ne,
}  # fmt: skip


def comparison(b: Builder) -> None:
    name = b.choose(list(_COMPARISONS))
    x = b.pick("number", exact=True)
    if b.flag():
        number = b.choose([0, 1, 2])
        b.add(f"{name} {number}", lambda x: _COMPARISONS[name](x, number), [x])
    else:
        dtype = b.values[x].tensor.dtype
        kind = "float" if dtype == torch.float32 else "int"
        y = b.pick(kind, exact=True, fits=broadcastable(b.shape(x)))
        b.add(name, _COMPARISONS[name], [x, y])


def logic(b: Builder) -> None:
    name = b.choose(["and", "or", "not", "xor"])
    x = b.pick("bool")
    if name == "not":
        b.add(name, torch.logical_not, [x])
        return
    calls: dict[str, Call] = {
        "and": torch.logical_and, "or": torch.logical_or, "xor": torch.logical_xor,
    }  # fmt: skip
    b.add(name, calls[name], [x, b.pick("bool", fits=broadcastable(b.shape(x)))])


def where(b: Builder) -> None:
    p = b.pick("bool")
    x = b.pick("number", fits=broadcastable(b.shape(p)))
    kind = "float" if b.values[x].tensor.is_floating_point() else "int"
    if b.flag():
        number = b.choose([0, 1, -2])
        b.add(f"where, else {number}", lambda p, x: torch.where(p, x, number), [p, x], keeps=True)
        return
    y = b.pick(kind, fits=broadcastable(torch.broadcast_shapes(b.shape(p), b.shape(x))))
    b.add("where", torch.where, [p, x, y], keeps=True)


def masked(b: Builder) -> None:
    p = b.pick("bool")
    x = b.pick(fits=broadcastable(b.shape(p)))
    b.add("masked_fill", lambda p, x: x.masked_fill(p, -3.0), [p, x], keeps=True)


_INTEGERS: dict[str, Call] = {
    "+ 1": lambda x: x + 1,
    "* 2": lambda x: x * 2,
    "* 0": lambda x: x * 0,
    "clamp": lambda x: x.clamp(0, 3),
    "neg": torch.neg,
    "abs": torch.abs,
    "+ itself": lambda x: x + x,
}


def integers(b: Builder) -> None:
    name = b.choose(list(_INTEGERS))
    b.add(name, _INTEGERS[name], [b.pick("int")])


def integer_pair(b: Builder) -> None:
    name = b.choose(["add", "sub", "mul", "maximum", "minimum"])
    x = b.pick("int")
    b.add(name, _BINARY[name][0], [x, b.pick("int", fits=broadcastable(b.shape(x)))])


def conversion(b: Builder) -> None:
    """To numbers of another kind; an exact float becomes an integer by cutting."""
    which = b.choose(["to float", "to int32", "to int64", "to bool"])
    if which == "to float":
        x = b.pick("any")
        # Nothing is said of the dtype, so that the wide run stays wide.
        b.add("to float", lambda x: x if x.is_floating_point() else x + 0.0, [x], keeps=True)
        return
    dtype = {"to int32": torch.int32, "to int64": torch.int64, "to bool": torch.bool}[which]
    b.add(which, lambda x: x.to(dtype), [b.pick("any", exact=True)])


def embedding(b: Builder) -> None:
    rows, width = b.integer(1, 6), b.choose(LENGTHS)
    indices = b.pick("int", ranks=range(3))
    b.add(
        "embedding of clamped",
        lambda i, w: F.embedding(i.clamp(0, rows - 1), w),
        [indices],
        [b.weight(rows, width)],
    )


# ---- products ------------------------------------------------------------------------------------


def linear(b: Builder) -> None:
    x = b.pick(ranks=range(1, 5))
    width, out = b.shape(x)[-1], b.choose(LENGTHS)
    w = b.weight(out, width)
    match b.choose(["bias", "no bias", "transposed"]):
        case "bias":
            b.add("linear with bias", F.linear, [x], [w, b.weight(out)])
        case "no bias":
            b.add("linear", F.linear, [x], [w])
        case _:
            b.add("matmul with parameter", torch.matmul, [x], [b.weight(width, out)])


def matmul(b: Builder) -> None:
    x = b.pick(ranks=range(2, 5))
    shape = b.shape(x)
    if b.flag():
        b.add("x @ x.mT", lambda x: x @ x.mT, [x])
        return
    lead = broadcastable(shape[:-2])
    y = b.pick(ranks=range(2, 5), fits=lambda s: s[-2] == shape[-1] and lead(s[:-2]))
    b.add("matmul", torch.matmul, [x, y])


def attention(b: Builder) -> None:
    x = b.pick(ranks=[4])
    causal = b.flag()
    b.add(
        f"attention on itself, causal={causal}",
        lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=causal),
        [x],
    )


def convolution(b: Builder) -> None:
    x = b.pick(ranks=[3, 4])
    shape = b.shape(x)
    channels, spatial = shape[1], shape[2:]
    groups = b.choose([1, channels])
    out = groups * b.integer(1, 3)
    size = [b.integer(1, min(3, n)) for n in spatial]
    stride, padding = b.integer(1, 2), b.integer(0, min(size) // 2)
    dilation = 1 if max(size) == 1 else b.integer(1, 2)
    call = F.conv1d if len(spatial) == 1 else F.conv2d
    weights = [b.weight(out, channels // groups, *size)]
    weights += [b.weight(out)] if b.flag() else []
    if any((k - 1) * dilation + 1 > n + 2 * padding for k, n in zip(size, spatial, strict=True)):
        raise NothingFitsError

    def apply(x: Tensor, w: Tensor, bias: Tensor | None = None) -> Tensor:
        return call(x, w, bias, stride, padding, dilation, groups)

    text = f"conv stride={stride} padding={padding} dilation={dilation} groups={groups}"
    b.add(text, apply, [x], weights)


def transposed_convolution(b: Builder) -> None:
    x = b.pick(ranks=[4])
    size, stride, out = b.integer(1, 3), b.integer(1, 2), b.integer(1, 3)
    padding = b.integer(0, size // 2)
    w = b.weight(b.shape(x)[1], out, size, size)
    text = f"conv_transpose2d stride={stride} padding={padding}"
    b.add(text, lambda x, w: F.conv_transpose2d(x, w, None, stride, padding), [x], [w])


def pool(b: Builder) -> None:
    x = b.pick(ranks=[4], fits=lambda s: min(s[2:]) >= 2)
    size, stride = 2, b.integer(1, 2)
    padding = b.integer(0, 1)
    match b.choose(["max", "avg", "adaptive"]):
        case "max":
            b.add(
                f"max_pool2d stride={stride} padding={padding}",
                lambda x: F.max_pool2d(x, size, stride, padding),
                [x],
                keeps=True,
            )
        case "avg":
            b.add(
                f"avg_pool2d stride={stride} padding={padding}",
                lambda x: F.avg_pool2d(x, size, stride, padding),
                [x],
            )
        case _:
            b.add("adaptive_avg_pool2d", lambda x: F.adaptive_avg_pool2d(x, 1), [x])


# ---- norms ---------------------------------------------------------------------------------------


def layer_norm(b: Builder) -> None:
    x = b.pick(ranks=range(2, 5), fits=lambda s: s[-1] > 1)
    width = b.shape(x)[-1]
    weights = [b.weight(width), b.weight(width)] if b.flag() else []

    def apply(x: Tensor, w: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        return F.layer_norm(x, (width,), w, bias, 1e-2)

    b.add("layer_norm", apply, [x], weights)


def rms_norm(b: Builder) -> None:
    x = b.pick(ranks=range(2, 5))
    w = b.weight(b.shape(x)[-1])
    b.add(
        "rms norm written out",
        lambda x, w: w * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-2)),
        [x],
        [w],
    )


def batch_norm(b: Builder) -> None:
    x = b.pick(ranks=range(2, 5))
    n = b.shape(x)[1]
    weights = [b.weight(n), b.weight(n, positive=True), b.weight(n), b.weight(n)]
    b.add("batch_norm", F.batch_norm, [x], weights)


def group_norm(b: Builder) -> None:
    x = b.pick(ranks=range(3, 5), fits=lambda s: s[1] * s[2] > 1)
    n = b.shape(x)[1]
    groups = b.choose([1, n])
    if math.prod(b.shape(x)[1:]) // groups < 2:
        raise NothingFitsError
    b.add(
        f"group_norm of {groups}",
        lambda x, w, v: F.group_norm(x, groups, w, v, 1e-2),
        [x],
        [b.weight(n), b.weight(n)],
    )


# ---- movement ------------------------------------------------------------------------------------


def factors(b: Builder, count: int) -> list[int]:
    """A shape of so many elements."""
    shape: list[int] = []
    while count > 1 and len(shape) < 4:
        divisors = [n for n in range(1, count + 1) if count % n == 0]
        size = b.choose(divisors[::-1]) if len(shape) < 3 else count
        shape.append(size)
        count //= size
    return shape or [1]


def reshape(b: Builder) -> None:
    x = b.pick("any")
    shape = factors(b, math.prod(b.shape(x)))
    b.add(f"reshape {shape}", lambda x: x.reshape(shape), [x], keeps=True)


def permute(b: Builder) -> None:
    x = b.pick("any", ranks=range(2, 6))
    order: list[int] = []
    while len(order) < len(b.shape(x)):
        order.append(b.choose([i for i in range(len(b.shape(x)))[::-1] if i not in order]))
    b.add(f"permute {order}", lambda x: x.permute(order), [x], keeps=True)


def one_dimension(b: Builder) -> None:
    """A dimension of size 1 more or less."""
    x = b.pick("any", ranks=range(4))
    if 1 in b.shape(x) and b.flag():
        axis = b.choose([i for i, n in enumerate(b.shape(x)) if n == 1])
        b.add(f"squeeze {axis}", lambda x: x.squeeze(axis), [x], keeps=True)
    else:
        axis = b.integer(0, len(b.shape(x)))
        b.add(f"unsqueeze {axis}", lambda x: x.unsqueeze(axis), [x], keeps=True)


def cut(b: Builder) -> None:
    x = b.pick("any", ranks=range(1, 6))
    axis = b.axis(x)
    size = b.shape(x)[axis]
    match b.choose(["narrow", "stride", "select", "chunk"]):
        case "narrow":
            start = b.integer(0, size - 1)
            length = b.integer(1, size - start)
            text = f"narrow {axis} {start} {length}"
            b.add(text, lambda x: x.narrow(axis, start, length), [x], keeps=True)
        case "stride":
            index = [slice(None)] * len(b.shape(x))
            index[axis] = slice(b.integer(0, size - 1), None, 2)
            b.add(f"[{index[axis]}] at {axis}", lambda x: x[tuple(index)], [x], keeps=True)
        case "select":
            at = b.integer(0, size - 1)
            b.add(f"select {axis} {at}", lambda x: x.select(axis, at), [x], keeps=True)
        case _:
            which = b.integer(0, min(size, 2) - 1)
            text = f"chunk {which} of {min(size, 2)} at {axis}"
            b.add(text, lambda x: x.chunk(min(size, 2), axis)[which], [x], keeps=True)


def join(b: Builder) -> None:
    x = b.pick("float", ranks=range(1, 5))
    axis = b.axis(x)
    shape = b.shape(x)
    place = axis % len(shape)

    def fits(other: tuple[int, ...]) -> bool:
        same = len(other) == len(shape)
        return same and all(i == place or n == other[i] for i, n in enumerate(shape))

    parts = [x, *(b.pick(fits=fits) for _ in range(b.integer(1, 2)))]
    if b.flag() and all(b.shape(part) == shape for part in parts):
        b.add(f"stack at {axis}", lambda *p: torch.stack(p, axis), parts, keeps=True)
    else:
        b.add(f"cat at {axis}", lambda *p: torch.cat(p, axis), parts, keeps=True)


def cut_and_join(b: Builder) -> None:
    """What rotary embeddings and shuffles do: halves in another order."""
    x = b.pick(ranks=range(1, 5), fits=lambda s: s[-1] % 2 == 0)

    def rotate(x: Tensor) -> Tensor:
        one, other = x.chunk(2, -1)
        return torch.cat([-other, one], -1)

    b.add("rotated halves", rotate, [x], keeps=True)


def pad(b: Builder) -> None:
    x = b.pick(ranks=range(1, 5))
    amounts = [b.integer(0, 2) for _ in range(2 * b.integer(1, min(2, len(b.shape(x)))))]
    number = b.choose([0.0, 1.5])
    b.add(f"pad {amounts} by {number}", lambda x: F.pad(x, amounts, value=number), [x], keeps=True)


def spread(b: Builder) -> None:
    x = b.pick("any", ranks=range(1, 5))
    if 1 in b.shape(x):
        shape = [b.choose(LENGTHS) if n == 1 else n for n in b.shape(x)]
        b.add(f"expand {shape}", lambda x: x.expand(shape), [x], keeps=True)
    else:
        axis = b.axis(x)
        counts = [1] * len(b.shape(x))
        counts[axis] = 2
        b.add(f"repeat {counts}", lambda x: x.repeat(counts), [x], keeps=True)


def flip(b: Builder) -> None:
    x = b.pick("any", ranks=range(1, 5))
    axis = b.axis(x)
    b.add(f"flip {axis}", lambda x: x.flip(axis), [x], keeps=True)


# ---- reductions ----------------------------------------------------------------------------------

_REDUCTIONS: dict[str, tuple[Callable[..., Tensor], bool]] = {
    "sum": (torch.sum, False),
    "mean": (torch.mean, False),
    "amax": (torch.amax, True),
    "amin": (torch.amin, True),
    "var": (lambda x, axes, keepdim: torch.var(x, axes, correction=0, keepdim=keepdim), False),
    "logsumexp": (torch.logsumexp, False),
}


def reduction(b: Builder) -> None:
    name = b.choose(list(_REDUCTIONS))
    call, keeps = _REDUCTIONS[name]
    x = b.pick(ranks=range(1, 6))
    rank = len(b.shape(x))
    axes = [i for i in range(rank) if b.flag()] or [rank - 1]
    kept = b.flag()
    text = f"{name} over {axes}, keepdim={kept}"
    b.add(text, lambda x: call(x, axes, keepdim=kept), [x], keeps=keeps)


def softmax(b: Builder) -> None:
    x = b.pick(ranks=range(1, 5))
    axis = b.axis(x)
    if b.flag():
        b.add(f"softmax {axis}", lambda x: F.softmax(x, axis), [x])
    else:
        b.add(f"log_softmax {axis}", lambda x: F.log_softmax(x, axis), [x])


def running(b: Builder) -> None:
    x = b.pick(ranks=range(1, 5))
    axis = b.axis(x)
    b.add(f"cumsum {axis}", lambda x: x.cumsum(axis), [x])


def place_of_highest(b: Builder) -> None:
    x = b.pick(exact=True, ranks=range(1, 5))
    axis = b.axis(x)
    b.add(f"argmax {axis}", lambda x: x.argmax(axis), [x])


def truths(b: Builder) -> None:
    x = b.pick("bool", ranks=range(1, 5))
    axis = b.axis(x)
    if b.flag():
        b.add(f"any {axis}", lambda x: x.any(axis), [x])
    else:
        b.add(f"all {axis}", lambda x: x.all(axis), [x])


def integer_sum(b: Builder) -> None:
    x = b.pick("int", ranks=range(1, 5))
    axis = b.axis(x)
    b.add(f"sum {axis}", lambda x: x.sum(axis), [x])


# ---- tables that the model makes itself ----------------------------------------------------------


def positions(b: Builder) -> None:
    x = b.pick(ranks=range(1, 5))
    size = b.shape(x)[-1]
    b.add("+ arange * 0.1", lambda x: x + torch.arange(size) * 0.1, [x])


def triangle(b: Builder) -> None:
    x = b.pick(ranks=range(2, 5))
    rows, columns = b.shape(x)[-2:]

    def mask(x: Tensor) -> Tensor:
        hidden = torch.ones(rows, columns, dtype=torch.bool).triu(1)
        return x.masked_fill(hidden, -4.0)

    b.add("causal mask", mask, [x], keeps=True)


def no_mask(b: Builder) -> None:
    x = b.pick(ranks=range(1, 5))

    def mask(x: Tensor) -> Tensor:
        seen = torch.arange(x.shape[-1]) >= 0
        return torch.where(seen, x, 0.0)

    b.add("mask that hides nothing", mask, [x], keeps=True)


# Ops that occur twice are chosen twice as often.
OPERATIONS: tuple[Operation, ...] = (
    smooth, piecewise, rounding, jumping, binary, with_weight,
    comparison, logic, where, masked, integers, integer_pair, conversion, embedding,
    linear, matmul, attention, convolution, transposed_convolution, pool,
    layer_norm, rms_norm, batch_norm, group_norm,
    linear, matmul, attention, convolution, convolution, pool, where, with_weight, with_weight,
    binary, binary, reduction, smooth, rounding,
    reshape, permute, one_dimension, cut, join, cut_and_join, pad, spread, flip,
    reduction, softmax, running, place_of_highest, truths, integer_sum,
    positions, triangle, no_mask,
)  # fmt: skip
