"""Comparisons, logic, and selection by a condition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from litewright.compiler.ir import tfl
from tests.lowering.tfl_to_flatbuffer.programs import Array, Sample, like

_X = np.array([[1.0, 2.0, 3.0], [2.0, np.inf, -1.0]], np.float32)
_Y = np.array([[2.0, 2.0, -1.0]], np.float32)
_TRUE = np.array([[True, False, True], [False, False, True]])
_ROW = np.array([[True, True, False]])


def _compare(name: str, function: Callable[..., Any], x: Array = _X, y: Array = _Y) -> Sample:
    expected = function(x, y)
    return Sample(
        f"{name}-{x.dtype}",
        [x, y],
        lambda a, b: tfl.emit(name, [a, b], like(*expected.shape, element="i1")),
        [expected],
    )


SAMPLES = [
    _compare("equal", np.equal),
    _compare("equal", np.equal, _TRUE, _ROW),
    _compare("equal", np.equal, np.arange(4, dtype=np.int64), np.array([0, 2, 2, 9], np.int64)),
    _compare("not_equal", np.not_equal),
    _compare("less", np.less),
    _compare("less_equal", np.less_equal),
    _compare("greater", np.greater),
    _compare("greater_equal", np.greater_equal),
    _compare("less", np.less, np.arange(4, dtype=np.int32), np.array([0, 2, 3, 1], np.int32)),
    _compare("logical_and", np.logical_and, _TRUE, _ROW),
    _compare("logical_or", np.logical_or, _TRUE, _ROW),
    Sample("logical_not", [_TRUE], lambda x: tfl.emit("logical_not", [x], x.type), [~_TRUE]),
    Sample(
        "select", [_TRUE, _X, _X * 10], lambda c, x, y: tfl.emit("select", [c, x, y], x.type),
        [np.where(_TRUE, _X, _X * 10)],
    ),
    Sample(
        "select_v2", [_TRUE, _X, _Y], lambda c, x, y: tfl.emit("select_v2", [c, x, y], x.type),
        [np.where(_TRUE, _X, _Y)],
    ),
    Sample(
        "where", [_TRUE], lambda c: tfl.emit("where", [c], like(-(2**63), 2, element="i64")),
        [np.argwhere(_TRUE)],
    ),
]  # fmt: skip
