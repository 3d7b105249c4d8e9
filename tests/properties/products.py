"""Steps that multiply and add up, and norms."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.properties.elementwise import broadcastable
from tests.properties.graphs import LENGTHS, Builder, NothingFitsError, Operation

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


OPERATIONS: tuple[Operation, ...] = (
    linear,
    matmul,
    attention,
    convolution,
    transposed_convolution,
    pool,
    layer_norm,
    rms_norm,
    batch_norm,
    group_norm,
)
