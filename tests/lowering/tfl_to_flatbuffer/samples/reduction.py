"""Reductions, searches and sums along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import element_of, tensor_type
from tests.lowering.tfl_to_flatbuffer.programs import Array, Sample, like

_X = np.random.default_rng(1).normal(size=(2, 3, 4)).astype(np.float32)
_FLAGS = np.array([[True, False, True], [True, True, True]])


def _reduce(
    name: str, function: Callable[..., Any], x: Array, axes: tuple[int, ...], *, keep: bool = False
) -> Sample:
    expected = function(x, axis=axes, keepdims=keep).astype(x.dtype)

    def build(value: ir.Value) -> ir.Value:
        result = tensor_type(expected.shape, element_of(value))
        indices = tfl.constant(np.array(axes, np.int32))
        return tfl.emit(name, [value, indices], result, keep_dims=keep)

    tolerance = "float32 op" if x.dtype == np.float32 else "exact"
    return Sample(f"{name}-{x.dtype}-{axes}-{keep}", [x], build, [expected], tolerance)


def _scalar(number: int) -> ir.Value:
    return tfl.constant(np.array(number, np.int32))


_ROWS = _X.reshape(6, 4)[:3].copy()


def _segments(kind: str) -> Callable[[ir.Value], ir.Value]:
    def build(x: ir.Value) -> ir.Value:
        segments = tfl.constant(np.array([0, 1, 0], np.int32))
        return tfl.emit(f"unsorted_segment_{kind}", [x, segments, _scalar(2)], like(2, 4))

    return build


SAMPLES = [
    _reduce("sum", np.sum, _X, (1,)),
    _reduce("sum", np.sum, _X, (0, 2), keep=True),
    _reduce("sum", np.sum, (_X * 9).astype(np.int32), (-1,)),
    _reduce("mean", np.mean, _X, (2,), keep=True),
    _reduce("mean", np.mean, _X, (1, 2)),
    _reduce("reduce_max", np.max, _X, (1,)),
    _reduce("reduce_min", np.min, _X, (0, 1, 2)),
    _reduce("reduce_prod", np.prod, _X, (2,)),
    _reduce("reduce_any", np.any, _FLAGS, (0,)),
    _reduce("reduce_all", np.all, _FLAGS, (1,), keep=True),
    Sample(
        "arg_max", [_X], lambda x: tfl.emit("arg_max", [x, _scalar(-1)], like(2, 3, element="i32")),
        [_X.argmax(-1).astype(np.int32)],
    ),
    Sample(
        "arg_min-i64", [_X], lambda x: tfl.emit("arg_min", [x, _scalar(1)], like(2, 4, element="i64")),
        [_X.argmin(1)],
    ),
    Sample(
        "topk_v2", [_X],
        lambda x: tfl.emit_many("topk_v2", [x, _scalar(2)], [like(2, 3, 2), like(2, 3, 2, element="i32")]),
        [-np.sort(-_X, -1)[..., :2], np.argsort(-_X, -1)[..., :2].astype(np.int32)],
    ),
    Sample(
        "cumsum", [_X], lambda x: tfl.emit("cumsum", [x, _scalar(1)], x.type), [np.cumsum(_X, 1)], "float32 op",
    ),
    Sample(
        "cumsum-reverse-exclusive", [_X],
        lambda x: tfl.emit("cumsum", [x, _scalar(2)], x.type, reverse=True, exclusive=True),
        [np.flip(np.cumsum(np.flip(_X, 2), 2), 2) - _X], "float32 op",
    ),
    Sample(
        "segment_sum", [_X],
        lambda x: tfl.emit("segment_sum", [x, tfl.constant(np.array([0, 0], np.int32))], like(1, 3, 4)),
        [_X.sum(0, keepdims=True)], "float32 op",
    ),
    *(
        Sample(
            f"unsorted_segment_{kind}", [_ROWS], _segments(kind), [np.stack([function(_ROWS[::2], 0), _ROWS[1]])],
            "float32 op",
        )
        for kind, function in (("max", np.max), ("min", np.min), ("sum", np.sum), ("prod", np.prod))
    ),
]  # fmt: skip
