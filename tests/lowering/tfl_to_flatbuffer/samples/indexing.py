"""Reading and writing at positions that are data."""

from __future__ import annotations

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import element_of
from tests.lowering.tfl_to_flatbuffer.programs import Sample, like

_TABLE = np.random.default_rng(2).normal(size=(5, 3)).astype(np.float32)
_ROWS = np.array([[4, 0], [1, 1]], np.int32)


def _updated() -> np.ndarray:
    cache = np.zeros((1, 4, 3), np.float32)
    cache[:, 2:4] = _TABLE[:2]
    return cache


def _scattered() -> np.ndarray:
    result = np.zeros((6, 3), np.float32)
    result[[5, 2]] = _TABLE[:2]
    return result


# The first two overlap, the second is the better one.
_BOXES = np.array([[0, 0, 1, 1], [0, 0.1, 1, 1], [3, 3, 4, 4]], np.float32)
_SCORES = np.array([0.8, 0.9, 0.3], np.float32)


def _number(value: float, dtype: type = np.float32) -> ir.Value:
    return tfl.constant(np.array(value, dtype))


SAMPLES = [
    Sample(
        "gather", [_TABLE, _ROWS], lambda x, i: tfl.emit("gather", [x, i], like(2, 2, 3), axis=0), [_TABLE[_ROWS]],
    ),
    Sample(
        "gather-axis", [_TABLE, np.array([2, 0], np.int32)],
        lambda x, i: tfl.emit("gather", [x, i], like(5, 2), axis=1), [_TABLE[:, [2, 0]]],
    ),
    Sample(
        "gather_nd", [_TABLE, _ROWS], lambda x, i: tfl.emit("gather_nd", [x, i], like(2)), [_TABLE[[4, 1], [0, 1]]],
    ),
    Sample(
        "scatter_nd", [np.array([[5], [2]], np.int32), _TABLE[:2].copy()],
        lambda i, u: tfl.emit("scatter_nd", [i, u, tfl.constant(np.array([6, 3], np.int32))], like(6, 3)),
        [_scattered()],
    ),
    Sample(
        "dynamic_update_slice",
        [np.zeros((1, 4, 3), np.float32), _TABLE[None, :2].copy(), np.array([0, 3, 0], np.int32)],
        lambda x, u, s: tfl.emit("dynamic_update_slice", [x, u, s], x.type), [_updated()],
    ),
    Sample(
        "dynamic_update_slice-i64",
        [np.zeros((1, 4, 3), np.float32), _TABLE[None, :2].copy(), np.array([0, 2, 0], np.int64)],
        lambda x, u, s: tfl.emit("dynamic_update_slice", [x, u, s], x.type), [_updated()],
    ),
    Sample(
        "embedding_lookup", [np.array([3, 0, 3], np.int32)],
        lambda i: tfl.emit("embedding_lookup", [i, tfl.constant(_TABLE)], like(3, 3)), [_TABLE[[3, 0, 3]]],
    ),
    Sample(
        "one_hot", [np.array([2, 0], np.int32)],
        lambda i: tfl.emit(
            "one_hot",
            [i, tfl.constant(np.array(3, np.int32)), tfl.constant(np.array(5, np.float32)),
             tfl.constant(np.array(-1, np.float32))],
            like(2, 3),
        ),
        [np.array([[-1, -1, 5], [5, -1, -1]], np.float32)],
    ),
    Sample(
        "sparse_to_dense", [np.array([1, 3], np.int32), np.array([2.0, 4.0], np.float32)],
        lambda i, v: tfl.emit(
            "sparse_to_dense", [i, tfl.constant(np.array([5], np.int32)), v, tfl.splat(0.5, (), element_of(v))],
            like(5),
        ),
        [np.array([0.5, 2, 0.5, 4, 0.5], np.float32)],
    ),
    Sample(
        "unique", [np.array([3, 1, 3, 7], np.int32)],
        lambda x: tfl.emit_many("unique", [x], [like(-(2**63), element="i32"), like(4, element="i32")]),
        [np.array([3, 1, 7], np.int32), np.array([0, 1, 0, 2], np.int32)],
    ),
    Sample(
        "bucketize", [np.array([-1.0, 0.5, 7.0], np.float32)],
        lambda x: tfl.emit("bucketize", [x], like(3, element="i32"), boundaries=[0.0, 1.0, 2.0]),
        [np.array([0, 1, 3], np.int32)],
    ),
    Sample(
        "non_max_suppression_v4", [_BOXES, _SCORES],
        lambda b, s: tfl.emit_many(
            "non_max_suppression_v4", [b, s, _number(2, np.int32), _number(0.5), _number(0.1)],
            [like(2, element="i32"), like(element="i32")],
        ),
        [np.array([1, 2], np.int32), np.array(2, np.int32)],
    ),
    Sample(
        "non_max_suppression_v5", [_BOXES, _SCORES],
        lambda b, s: tfl.emit_many(
            "non_max_suppression_v5", [b, s, _number(2, np.int32), _number(0.5), _number(0.1), _number(0.0)],
            [like(2, element="i32"), like(2), like(element="i32")],
        ),
        [np.array([1, 2], np.int32), np.array([0.9, 0.3], np.float32), np.array(2, np.int32)],
    ),
]  # fmt: skip
