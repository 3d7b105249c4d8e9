"""How close numbers must be, in one table.

An error is the largest absolute difference, divided by the largest magnitude of the reference: the
measure that does not punish an output for being near zero, and that a wrong op cannot slip under.
"""

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

TOLERANCES = {
    # One op, or a handful, in float32: rounding alone.
    "float32 op": 2e-6,
    # The approximations that kernels use for exp, tanh and their like.
    "float32 transcendental": 2e-5,
    # One op on the GPU, whose products of many numbers are summed in another order.
    "GPU op": 1e-5,
    # Vulkan demands no more of the sine than 2 ** -11 (its specification, "Precision of GLSL.std.450").
    "GPU sine": 5e-4,
    # What the CPU loses beside the GPU by rounding activations to eight bits before integer filters.
    "int8 activations": 1e-2,
    # A whole model in float32, some hundred ops deep.
    "float32 model": 1e-4,
    # Sums in another order, some hundred ops deep.
    "GPU model": 1e-4,
    # Two steps of the highest of 127, where an op of integers rounds otherwise than the op of floats.
    "integers of 8 bits": 2 / 127,
    "integers of 16 bits": 3 / 32767,
    # A small model, calibrated, whose values are integers throughout.
    "static int8 model": 5e-2,
    "static int16x8 model": 2e-2,
    "float16 op": 2e-3,
    "bfloat16 op": 2e-2,
    "float64 op": 2e-6,
    # The same, each channel measured by its own peak.
    "int8 activations, by channel": 2e-2,
    # Small models of random weights, which were of 32 bits before: what rounding loses.
    "weights of 16 bits": 1e-3,
    "weights of 8 bits": 2e-2,
    "weights of 4 bits": 1.2e-1,
    "exact": 0.0,
}


def relative_error(actual: Array, expected: Array) -> float:
    """max |actual - expected| / max |expected|; infinite where a NaN or an infinity differs."""
    assert actual.shape == expected.shape, f"shape {actual.shape} instead of {expected.shape}"
    if expected.size == 0:
        return 0.0
    a, e = actual.astype(np.float64), expected.astype(np.float64)
    finite = np.isfinite(e)
    if (
        not np.array_equal(a[~finite], e[~finite], equal_nan=True)
        or not np.isfinite(a[finite]).all()
    ):
        return float("inf")
    if not finite.any():
        return 0.0
    peak = np.abs(e[finite]).max()
    worst = np.abs(a[finite] - e[finite]).max()
    return float(worst / peak) if peak else float(worst)


def assert_close(actual: Array, expected: Array, kind: str) -> None:
    """Asserts that two arrays agree within the tolerance called `kind`; dtypes must be equal."""
    assert actual.dtype == expected.dtype, f"dtype {actual.dtype} instead of {expected.dtype}"
    error = relative_error(actual, expected)
    assert error <= TOLERANCES[kind], f"error {error:.3g} exceeds {TOLERANCES[kind]:.3g} ({kind})"
