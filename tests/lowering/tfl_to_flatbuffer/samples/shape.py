"""Ops that move, repeat or make elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import element_of, tensor_type
from tests.lowering.tfl_to_flatbuffer.programs import Array, Sample, like

_X = np.arange(24, dtype=np.float32).reshape(2, 3, 4) - 7
_IMAGE = np.arange(2 * 4 * 4 * 4, dtype=np.float32).reshape(2, 4, 4, 4)
_MATRIX = np.arange(12, dtype=np.int32).reshape(3, 4)


def ints(*numbers: int) -> ir.Value:
    """A constant vector of int32."""
    return tfl.constant(np.array(numbers, np.int32))


def _one(
    label: str, x: Array, operands: Sequence[Any], expected: Array, **attributes: Any
) -> Sample:
    """An op on `x` and constants; `operands` are tuples of ints, scalars or nested tuples, `...` is x."""

    def build(value: ir.Value) -> ir.Value:
        values = [
            value if each is ... else tfl.constant(np.array(each, np.int32)) for each in operands
        ]
        return tfl.emit(
            label.partition("-")[0],
            values,
            tensor_type(expected.shape, element_of(value)),
            **attributes,
        )

    return Sample(label, [x], build, [expected])


SAMPLES = [
    _one("reshape", _X, [..., (4, 6)], _X.reshape(4, 6)),
    _one("reshape-inferred", _X, [..., (2, -1)], _X.reshape(2, 12)),
    Sample(
        "reshape-scalar", [np.array([5.0], np.float32)],
        lambda x: tfl.emit("reshape", [x, tfl.constant(np.zeros(0, np.int32))], like()), [np.array(5.0, np.float32)],
    ),
    _one("transpose", _X, [..., (2, 0, 1)], _X.transpose(2, 0, 1)),
    _one("transpose-bool", _X > 0, [..., (1, 0, 2)], (_X > 0).transpose(1, 0, 2)),
    _one("transpose-5", _X.reshape(2, 3, 2, 2, 1), [..., (4, 3, 0, 2, 1)],
         _X.reshape(2, 3, 2, 2, 1).transpose(4, 3, 0, 2, 1)),
    _one("slice", _X, [..., (0, 1, 2), (2, 2, -1)], _X[:, 1:3, 2:]),
    _one("slice-i32", _MATRIX, [..., (1, 0), (1, 4)], _MATRIX[1:2]),
    _one("strided_slice", _X, [..., (0, 2, 1), (2, 0, 4), (1, -1, 2)], _X[:, 2:0:-1, 1:4:2]),
    _one("strided_slice-masks", _X, [..., (0, 1, 0), (0, 2, 0), (1, 1, 1)], _X[:, 1, :],
         begin_mask=5, end_mask=5, shrink_axis_mask=2),
    _one("pad", _X, [..., ((1, 0), (0, 2), (1, 1))], np.pad(_X, ((1, 0), (0, 2), (1, 1)))),
    Sample(
        "padv2", [_X],
        lambda x: tfl.emit(
            "padv2", [x, tfl.constant(np.array([[0, 0], [1, 1], [0, 3]], np.int32)), tfl.splat(2.5, (), element_of(x))],
            like(2, 5, 7),
        ),
        [np.pad(_X, ((0, 0), (1, 1), (0, 3)), constant_values=2.5)],
    ),
    _one("mirror_pad-reflect", _X, [..., ((1, 0), (0, 2), (1, 1))],
         np.pad(_X, ((1, 0), (0, 2), (1, 1)), "reflect"), mode="REFLECT"),
    _one("mirror_pad-symmetric", _X, [..., ((1, 0), (0, 2), (1, 1))],
         np.pad(_X, ((1, 0), (0, 2), (1, 1)), "symmetric"), mode="SYMMETRIC"),
    Sample(
        "concatenation", [_X, _X * 2], lambda x, y: tfl.emit("concatenation", [x, y], like(2, 6, 4), axis=1),
        [np.concatenate([_X, _X * 2], 1)],
    ),
    Sample(
        "split", [_X],
        lambda x: tfl.emit_many("split", [tfl.constant(np.array(2, np.int32)), x], [like(2, 3, 2)] * 2),
        [_X[..., :2], _X[..., 2:]],
    ),
    Sample(
        "split_v", [_X],
        lambda x: tfl.emit_many(
            "split_v", [x, ints(1, 2), tfl.constant(np.array(1, np.int32))], [like(2, 1, 4), like(2, 2, 4)]
        ),
        [_X[:, :1], _X[:, 1:]],
    ),
    Sample(
        "pack", [_MATRIX, _MATRIX + 1], lambda x, y: tfl.emit("pack", [x, y], like(3, 2, 4, element="i32"), axis=1),
        [np.stack([_MATRIX, _MATRIX + 1], 1)],
    ),
    Sample(
        "unpack", [_X], lambda x: tfl.emit_many("unpack", [x], [like(2, 4)] * 3, axis=1),
        [_X[:, 0], _X[:, 1], _X[:, 2]],
    ),
    _one("expand_dims", _X, [..., 1], _X[:, None]),
    _one("squeeze", _X[:, :1], [...], _X[:, 0], squeeze_dims=[1]),
    _one("tile", _MATRIX, [..., (2, 1)], np.tile(_MATRIX, (2, 1))),
    _one("broadcast_to", _X[:, :1], [..., (2, 3, 4)], np.broadcast_to(_X[:, :1], (2, 3, 4))),
    Sample(
        "broadcast_args", [np.array([1, 3], np.int32), np.array([2, 1], np.int32)],
        lambda x, y: tfl.emit("broadcast_args", [x, y], like(2, element="i32")), [np.array([2, 3], np.int32)],
    ),
    Sample("shape", [_X], lambda x: tfl.emit("shape", [x], like(3, element="i32")), [np.array([2, 3, 4], np.int32)]),
    Sample("shape-i64", [_X], lambda x: tfl.emit("shape", [x], like(3, element="i64")), [np.array([2, 3, 4])]),
    Sample("rank", [_X], lambda x: tfl.emit("rank", [x], like(element="i32")), [np.array(3, np.int32)]),
    Sample(
        "range", [np.array(7, np.int32)],
        lambda x: tfl.emit(
            "range", [tfl.constant(np.array(1, np.int32)), x, tfl.constant(np.array(2, np.int32))],
            like(-(2**63), element="i32"),
        ),
        [np.arange(1, 7, 2, dtype=np.int32)],
    ),
    Sample(
        "fill", [np.array(2.5, np.float32)], lambda x: tfl.emit("fill", [ints(2, 3), x], like(2, 3)),
        [np.full((2, 3), 2.5, np.float32)],
    ),
    Sample("zeros_like", [_X], lambda x: tfl.emit("zeros_like", [x], x.type), [np.zeros_like(_X)]),
    _one("reverse_v2", _X, [..., (1,)], _X[:, ::-1]),
    _one("reverse_sequence", _X, [..., (2, 3)],
         np.stack([np.concatenate([_X[0, 1::-1], _X[0, 2:]]), _X[1, ::-1]]), seq_dim=1, batch_dim=0),
    _one("depth_to_space", _IMAGE, [...],
         _IMAGE.reshape(2, 4, 4, 2, 2, 1).transpose(0, 1, 3, 2, 4, 5).reshape(2, 8, 8, 1), block_size=2),
    _one("space_to_depth", _IMAGE, [...],
         _IMAGE.reshape(2, 2, 2, 2, 2, 4).transpose(0, 1, 3, 2, 4, 5).reshape(2, 2, 2, 16), block_size=2),
    _one("space_to_batch_nd", _IMAGE, [..., (2, 2), ((0, 0), (0, 0))],
         np.concatenate([_IMAGE[:, i::2, j::2] for i in (0, 1) for j in (0, 1)])),
    _one("batch_to_space_nd", _IMAGE[:1].repeat(4, 0) + np.arange(4, dtype=np.float32).reshape(4, 1, 1, 1) * 100,
         [..., (2, 2), ((0, 0), (0, 0))],
         (_IMAGE[:1].repeat(4, 0) + np.arange(4, dtype=np.float32).reshape(4, 1, 1, 1) * 100)
         .reshape(2, 2, 1, 4, 4, 4).transpose(2, 3, 0, 4, 1, 5).reshape(1, 8, 8, 4)),
    Sample(
        "bitcast", [_MATRIX], lambda x: tfl.emit("bitcast", [x], like(3, 4)), [_MATRIX.view(np.float32)],
    ),
    Sample(
        "dilate", [np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)],
        lambda x: tfl.emit("dilate", [x, ints(2, 1), tfl.splat(0, (), element_of(x))], like(3, 2)),
        [np.array([[1, 2], [0, 0], [3, 4]], np.float32)],
    ),
    Sample(
        "matrix_diag", [np.array([1.0, 2.0], np.float32)], lambda x: tfl.emit("matrix_diag", [x], like(2, 2)),
        [np.diag([1, 2]).astype(np.float32)],
    ),
    Sample(
        "matrix_set_diag", [np.ones((2, 2), np.float32), np.array([5.0, 6.0], np.float32)],
        lambda x, d: tfl.emit("matrix_set_diag", [x, d], x.type), [np.array([[5, 1], [1, 6]], np.float32)],
    ),
]  # fmt: skip
