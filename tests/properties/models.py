"""The strategy that draws random models."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import numpy as np
import torch
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.properties.graphs import LENGTHS, Builder, Example, Model, NothingFitsError
from tests.properties.operations import OPERATIONS

COMMON = settings(
    deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow], print_blob=False
)


@st.composite
def examples(draw: st.DrawFn, steps: int, parameters: Sequence[Tensor] = ()) -> Example:
    """Models that try up to twice as many steps, with parameters to start from."""
    random = np.random.default_rng(draw(st.integers(0, 1 << 16)))
    builder = Builder(draw, random, weights=list(parameters))
    builder.add_input(_input(builder, ["float"]))
    for _ in range(builder.integer(0, 2)):
        builder.add_input(_input(builder, ["float", "int32", "int64", "bool"]))
    count = len(builder.values)
    # Chosen from a list: of a range, hypothesis prefers the ends.
    for _ in range(builder.choose(range(1, 2 * steps + 1))):
        with contextlib.suppress(NothingFitsError):
            builder.choose(OPERATIONS)(builder)
    assume(builder.steps)
    return example_of(builder, count, _results(builder, count))


def example_of(builder: Builder, inputs: int, results: Sequence[int]) -> Example:
    """The model that is built, with some of its values as results."""
    values = builder.values
    return Example(
        Model(builder.steps, results, builder.weights),
        tuple(value.tensor for value in values[:inputs]),
        tuple(values[number].tensor for number in results),
    )


def _input(builder: Builder, kinds: Sequence[str]) -> Tensor:
    rank = builder.choose([2, 4, 3, 4, 1])
    shape = [builder.choose(LENGTHS) for _ in range(rank)]
    array = builder.random.normal(size=shape).astype(np.float32)
    match builder.choose(kinds):
        case "float":
            return torch.from_numpy(array)
        case "bool":
            return torch.from_numpy(array > 0)
        case name:
            return torch.from_numpy(builder.random.integers(0, 5, shape).astype(name))


def _results(builder: Builder, inputs: int) -> list[int]:
    """What nothing reads, and now and then what something does."""
    read = {number for step in builder.steps for number in step.operands}
    made = range(inputs, len(builder.values))
    found = [number for number in made if number not in read]
    return found + ([builder.choose(made)] if builder.flag() else [])
