"""GPTQ: integers chosen column by column, each making up for the errors of those before it.

What it finds is the start of a descent (`descent.py`), which makes the error of the products smaller by a tenth more.

Source: E. Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained
Transformers", ICLR 2023. As there, errors are spread by the Cholesky factor of the inverse of the second
moments of the inputs; columns come in the order of falling moments, with scales settled beforehand, so that
blocks stay blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .algebra import add_product, factor_of_inverse

Array = np.ndarray[Any, np.dtype[Any]]

DAMPING = 0.01
"""Added to the moments, as a part of their mean: keeps the inverse tame where inputs depend on each other."""

_COLUMNS = 64
"""Columns whose errors are gathered before they are spread over all later ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Spreading:
    """How the error of a column is spread over the others.

    Attributes:
        order: the columns in the order in which they are rounded.
        factor: float32, upper triangular, in that order: row i says how the error of the i-th column is spread.
    """

    order: Array
    factor: Array


def damped(moments: Array) -> Array:
    """The moments of a matrix's inputs, made positive definite, in units of their mean.

    Args:
        moments: sum of x x^T over the inputs, [columns, columns].

    Returns:
        float32, [columns, columns].
    """
    tame = moments.astype(np.float64)
    diagonal = tame.diagonal().copy()
    # A column that never sees an input may become anything.
    dead = diagonal <= 0
    diagonal[dead] = 1.0
    diagonal += DAMPING * diagonal.mean()
    np.fill_diagonal(tame, diagonal)
    tame /= diagonal.mean()
    return tame.astype(np.float32)


def spreading(moments: Array) -> Spreading:
    """Prepares damped moments."""
    order = np.argsort(-moments.diagonal(), kind="stable")
    factor = factor_of_inverse(moments[np.ix_(order, order)].astype(np.float64))
    return Spreading(order, factor.astype(np.float32))


def rounded(
    rows: Array, scales: Array, spread: Spreading, bounds: tuple[np.float32, np.float32]
) -> Array:
    """The integers of some rows.

    Args:
        rows: float32, [rows, columns].
        scales: float32, of every element, [rows, columns].
        spread: from the moments of the inputs.
        bounds: the lowest and the highest integer.

    Returns:
        int8, [rows, columns].
    """
    left = rows[:, spread.order].T.copy()
    steps = scales[:, spread.order].T.copy()
    integers = np.empty(left.shape, np.int8)
    for begin in range(0, len(left), _COLUMNS):
        end = min(begin + _COLUMNS, len(left))
        errors = np.empty((end - begin, left.shape[1]), np.float32)
        for column in range(begin, end):
            chosen = np.clip(np.rint(left[column] / steps[column]), *bounds)
            integers[column] = chosen
            error = (left[column] - chosen * steps[column]) / spread.factor[column, column]
            later = spread.factor[column, column + 1 : end, None]
            left[column + 1 : end] -= later * error
            errors[column - begin] = error
        spreads = np.ascontiguousarray(spread.factor[begin:end, end:].T)
        add_product(left[end:], spreads, -errors)
    result = np.empty(rows.shape, np.int8)
    result[:, spread.order] = integers.T
    return result
