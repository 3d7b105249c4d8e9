"""Steps that work element by element, on floats, integers and truths."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F

from tests.properties.graphs import LENGTHS, Builder, Call, Operation

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


OPERATIONS: tuple[Operation, ...] = (
    smooth,
    piecewise,
    rounding,
    jumping,
    binary,
    with_weight,
    comparison,
    logic,
    where,
    masked,
    integers,
    integer_pair,
    conversion,
    embedding,
)
