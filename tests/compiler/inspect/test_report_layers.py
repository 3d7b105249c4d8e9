"""Interior values beside eager torch: what passes do on purpose is told from what is wrong."""

import numpy as np
import pytest
import torch
from torch import nn

from litewright.compiler.capture import capture
from litewright.compiler.inspect.exposing import Place
from litewright.compiler.inspect.report.layers import LayerError, Pair, errors_of
from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.mlir import Array
from tests.support.tolerances import TOLERANCES

_GENERATOR = np.random.default_rng(0)


class Chain(nn.Module):
    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        doubled = torch.exp(x)
        return {"end": torch.sin(doubled), "other": torch.cos(x)}


@pytest.fixture(name="graph")
def _graph() -> FxProgram:
    return capture("chain", Chain().eval(), (torch.randn(2, 3, 4, 5),), {})


def _errors(
    graph: FxProgram, expected: list[Array], actual: list[Array], wrong: tuple[str, ...] = ()
) -> list[LayerError]:
    """Errors of the nodes exp, sin and cos, or the first few of them."""
    names = [n.name for n in graph.graph_module.graph.nodes if n.op == "call_function"]
    pairs = [Pair(name, row, Place(row), 0) for row, name in enumerate(names[: len(expected)])]
    return errors_of(
        graph,
        pairs,
        dict(zip(names, expected, strict=False)),
        {Place(row): array for row, array in enumerate(actual)},
        wrong,
    )


def _random(*shape: int) -> Array:
    return _GENERATOR.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 7, 7, 7), (2, 3, 5)])
def test_another_order_of_dimensions_is_turned_back(
    graph: FxProgram, shape: tuple[int, ...]
) -> None:
    value = _random(*shape)
    (found,) = _errors(graph, [value], [np.moveaxis(value, 1, -1)])
    assert found.error == 0
    (wrong,) = _errors(graph, [value], [np.moveaxis(value, 1, -1)[..., ::-1]])
    assert wrong.error > TOLERANCES["float32 model"]


def test_dimensions_of_one_do_not_matter(graph: FxProgram) -> None:
    value = _random(1, 4, 1, 8)
    assert _errors(graph, [value], [value.reshape(4, 8)])[0].error == 0


def test_a_factor_that_moved_is_told(graph: FxProgram) -> None:
    value = _random(4, 8)
    (found,) = _errors(graph, [value], [value * np.float32(0.125)])
    assert found.factor == pytest.approx(0.125)
    assert found.error <= TOLERANCES["float32 model"]
    assert not found.is_rearranged


def test_noise_is_no_factor(graph: FxProgram) -> None:
    value = _random(4, 8)
    (found,) = _errors(graph, [value], [value * np.float32(0.5) + _random(4, 8) * np.float32(0.1)])
    assert found.factor == 1
    assert found.error > TOLERANCES["float32 model"]


def test_what_nothing_wrong_is_computed_from_is_rearranged(graph: FxProgram) -> None:
    exp, sin, cos = _random(6), _random(6), _random(6)
    found = _errors(graph, [exp, sin, cos], [_random(6), sin, cos])
    assert [each.is_rearranged for each in found] == [True, False, False]


def test_what_something_wrong_is_computed_from_is_wrong(graph: FxProgram) -> None:
    exp, sin, cos = _random(6), _random(6), _random(6)
    found = _errors(graph, [exp, sin, cos], [_random(6), _random(6), cos], ("end",))
    assert not any(each.is_rearranged for each in found)
    assert [each.error > TOLERANCES["float32 model"] for each in found] == [True, True, False]


def test_a_result_that_is_wrong_by_itself_is_not_excused(graph: FxProgram) -> None:
    exp, sin = _random(6), _random(6)
    found = _errors(graph, [exp, sin], [exp, _random(6)], ("end",))
    assert [each.is_rearranged for each in found] == [False, False]


def test_nan_is_an_error(graph: FxProgram) -> None:
    value = _random(6)
    spoiled = value.copy()
    spoiled[3] = np.nan
    assert _errors(graph, [value], [spoiled], ("end",))[0].error == float("inf")
