"""Composites in eager mode and through torch.export."""

import pytest
import torch
from torch import Tensor, nn

from litewright.compiler.capture import capture
from litewright.compiler.composites import composite
from litewright.compiler.composites.kv_cache import kv_cache_update
from litewright.compiler.ir.torch_ops import op_of


def _expected(cache: Tensor, update: Tensor, start: int, axis: int) -> Tensor:
    result = cache.clone()
    result.narrow(axis, start, update.shape[axis]).copy_(update)
    return result


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
@pytest.mark.parametrize("axis", [2, 3, -1])
@pytest.mark.parametrize(("first", "start"), [(0, 0), (2, 2), (5, 3), (-4, 0)])
def test_kv_cache_update(dtype: torch.dtype, axis: int, first: int, start: int) -> None:
    cache, update = torch.randn(1, 2, 6, 6), torch.randn(1, 2, 6, 6).narrow(axis, 0, 3)
    positions = torch.arange(first, first + 3, dtype=dtype)
    before = cache.clone()
    after = kv_cache_update(cache, update, positions, axis)
    assert torch.equal(after, _expected(cache, update, start, axis))
    assert torch.equal(cache, before)


def test_only_the_first_position_counts() -> None:
    cache, update = torch.zeros(1, 1, 8, 1), torch.ones(1, 1, 2, 1)
    after = kv_cache_update(cache, update, torch.tensor([3, 100]), 2)
    assert after.flatten().nonzero().flatten().tolist() == [3, 4]


def test_an_update_must_fit() -> None:
    with pytest.raises(ValueError, match="9 positions do not fit a cache of 8"):
        kv_cache_update(torch.zeros(1, 1, 8, 1), torch.ones(1, 1, 9, 1), torch.arange(9), 2)


def test_gradients_flow() -> None:
    update = torch.ones(1, 1, 2, 1, requires_grad=True)
    kv_cache_update(torch.zeros(1, 1, 8, 1), update, torch.tensor([3, 4]), 2).sum().backward()
    assert update.grad is not None
    assert torch.equal(update.grad, torch.ones_like(update))


@composite("litewright_tests::scaled")
def scaled(x: Tensor, y: Tensor, factor: float = 2.0) -> Tensor:
    """x + factor * y."""
    return x + factor * y


class Scaled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return scaled(x, x * 3, 0.5)


def test_a_kept_composite_is_one_node_and_another_is_not() -> None:
    sample = (torch.ones(2),)
    kept = capture("main", Scaled(), sample, {}, kept={scaled.op, torch.ops.aten.mul.Tensor})
    ops = [op_of(node) for node in kept.graph_module.graph.nodes if node.op == "call_function"]
    assert ops == [torch.ops.aten.mul.Tensor, scaled.op]
    gone = capture("main", Scaled(), sample, {}, kept={torch.ops.aten.mul.Tensor})
    assert scaled.op not in [op_of(node) for node in gone.graph_module.graph.nodes]
    for program in (kept, gone):
        assert torch.equal(program.run({"x": torch.ones(2)})["output_0"], torch.full((2,), 2.5))
