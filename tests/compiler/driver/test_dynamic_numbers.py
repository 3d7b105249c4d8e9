"""How numbers grow with sizes: what is taken for a formula, and what is not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim

from litewright.compiler.capture import Probes
from litewright.compiler.capture.sizes import probes_of
from litewright.compiler.diagnostics import UserError
from litewright.compiler.driver.dynamic.formulas import fit, fit_ratio
from litewright.compiler.driver.dynamic.tables import triangle_of, without_repetition

ONE = [(6,), (7,), (10,)]
TWO = [(6, 10), (7, 10), (6, 11), (9, 13)]


@pytest.mark.parametrize(
    "number",
    [
        lambda n, m: 2 * n + 3 * m - 4,
        lambda n, m: n // 1 + 0 * m,
        lambda n, m: 5 * n * m,
        lambda n, m: m * m + 0 * n,
    ],
)
def test_formulas_hold_elsewhere(number: Callable[[int, int], int]) -> None:
    formula = fit([number(*each) for each in TWO], TWO)
    assert formula is not None
    for sizes in ((1, 1), (30, 7), (64, 512)):
        assert formula.at(sizes) == number(*sizes)


@pytest.mark.parametrize(
    "number",
    [
        lambda n: n // 2,
        lambda n: -(-n // 8) * 8,
        lambda n: n * (n - 1) // 2,
        lambda n: min(n, 8),
        lambda n: 2**n,
    ],
)
def test_what_is_no_formula(number: Callable[[int], int]) -> None:
    assert fit([number(each) for (each,) in ONE], ONE) is None


def _float32(number: float) -> float:
    return float(np.float32(number))


@pytest.mark.parametrize(
    ("number", "elsewhere"),
    [
        (lambda n: 1 / n, 1 / 50),
        (lambda n: 0.3 / (n - 1), 0.3 / 49),
        (lambda n: 0.7 * n, 35.0),
    ],
)
def test_ratios_hold_elsewhere(number: Callable[[int], float], elsewhere: float) -> None:
    ratio = fit_ratio([_float32(number(each)) for (each,) in ONE], ONE)
    assert ratio is not None
    count = float(ratio.count.at((50,)))
    made = ratio.number / count if ratio.divided else ratio.number * count
    assert made == pytest.approx(elsewhere, rel=1e-6)


@pytest.mark.parametrize(
    "number", [lambda n: n**-0.5, lambda n: 1 / (n + 1), np.log, lambda n: n - 0.5]
)
def test_what_is_no_ratio(number: Callable[[int], float]) -> None:
    assert fit_ratio([_float32(number(each)) for (each,) in ONE], ONE) is None


def test_sizes_too_near_each_other_tell_no_ratio() -> None:
    near = [(9000,), (9001,), (9002,)]
    assert fit_ratio([_float32(1 / (n + 2)) for (n,) in near], near) is None
    assert fit_ratio([_float32(1 / n) for (n,) in near], near) is None


def test_triangles() -> None:
    for diagonal in (-1, 0, 1, 2):
        table = np.triu(np.full((1, 7, 9), -5.0, np.float32), diagonal)
        found = triangle_of(table)
        assert found is not None
        assert (found.axes, found.diagonal, found.above, found.below) == (
            (1, 2),
            diagonal,
            -5.0,
            0.0,
        )
    assert triangle_of(np.eye(7, dtype=np.float32)) is None
    band = np.triu(np.ones((7, 7), bool), -1) & np.tril(np.ones((7, 7), bool), 1)
    assert triangle_of(band) is None
    assert triangle_of(np.triu(np.arange(49.0).reshape(7, 7))) is None


def test_repetition() -> None:
    row = np.arange(4)
    tables = [np.broadcast_to(row[:n, None], (2, n, 3)) for n in (3, 4)]
    assert [each.shape for each in without_repetition(tables)] == [(1, 3, 1), (1, 4, 1)]


class Call(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def _probes(function: Callable[[Tensor], Tensor], *shape: int, **dims: Any) -> Probes | None:
    dynamic = {"x": {int(name[1:]): dim for name, dim in dims.items()}}
    exported = torch.export.export(
        Call(function), (torch.ones(*shape),), dynamic_shapes=dynamic, strict=False
    )
    return probes_of("main", exported)


def test_probes_lie_near_the_sample_and_are_like_no_fixed_size() -> None:
    probes = _probes(lambda x: x * 2, 8, 20, 22, d0=Dim("batch", max=64), d1=Dim("length"))
    assert probes is not None
    fixed = {22}
    base, *_ = probes.sizes
    assert all(abs(size - sample) < 8 for size, sample in zip(base, (8, 20), strict=True))
    for sizes in probes.sizes:
        assert len({*sizes} | fixed) == 3
        assert min(sizes) > 1
    assert probes.largest is None
    assert [str(root) for root in probes.roots] == ["x.shape[0]", "x.shape[1]"]


def test_probes_tell_steps_from_lines() -> None:
    images = Dim("side", min=64, max=512)
    probes = _probes(lambda x: nn.functional.avg_pool2d(x, 32), 1, 3, 96, 96, d2=images)
    assert probes is not None
    steps = [side // 32 for (side,) in probes.sizes]
    assert steps[0] != steps[1]
    (base,), (step,), (check,) = probes.sizes
    assert (steps[2] - steps[0]) * (step - base) != (steps[1] - steps[0]) * (check - base)
    assert probes.largest == (512,)


def test_derived_sizes_have_their_root() -> None:
    probes = _probes(lambda x: x * 2, 3, 12, d1=4 * Dim("quarter", min=2, max=50))
    assert probes is not None
    (root,) = probes.roots
    assert (root.factor, root.offset, root.high) == (4, 0, 50)
    assert root.of(7) == 28


def test_a_size_that_has_another_rule_far_away_is_refused() -> None:
    def capped(x: Tensor) -> Tensor:
        rows: Any = torch.sym_min(x.shape[0], 1000)
        return x.sum() + torch.ones(rows).sum()

    with pytest.raises(UserError, match="narrow the range"):
        _probes(capped, 8, 3, d0=Dim("rows", min=3, max=4000))
    assert _probes(capped, 8, 3, d0=Dim("rows", min=3, max=900)) is not None


def test_fixed_sizes_have_no_probes() -> None:
    assert _probes(lambda x: x * 2, 3, 4) is None
