"""A tolerance that cannot fail is worse than none."""

import numpy as np
import pytest

from tests.support.tolerances import TOLERANCES, assert_close, relative_error


@pytest.mark.parametrize("kind", TOLERANCES)
def test_every_tolerance_refuses_a_small_perturbation(kind: str) -> None:
    reference = np.random.default_rng(0).normal(size=(7, 5))
    perturbed = reference.copy()
    perturbed[3, 2] += np.abs(reference).max() * max(TOLERANCES[kind] * 1.5, 1e-9)
    assert_close(reference, reference, kind)
    with pytest.raises(AssertionError, match="exceeds"):
        assert_close(perturbed, reference, kind)


def test_not_a_number_is_no_match() -> None:
    reference = np.array([1.0, 2.0])
    assert relative_error(np.array([1.0, np.nan]), reference) == float("inf")
    assert relative_error(np.array([np.inf, 2.0]), reference) == float("inf")


def test_shape_and_dtype_must_agree() -> None:
    with pytest.raises(AssertionError, match="shape"):
        relative_error(np.ones((2, 1)), np.ones((1, 2)))
    with pytest.raises(AssertionError, match="dtype"):
        assert_close(np.ones(2, np.float32), np.ones(2), "exact")
