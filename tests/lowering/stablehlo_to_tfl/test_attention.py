"""Attention as it is legalised, without any pass: what it leaves to be computed, and that it equals eager."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import litewright
from litewright.compiler.extend import EMPTY
from litewright.compiler.ir import mlir
from tests.support.programs import ops_of
from tests.support.tolerances import assert_close

BATCH, HEADS, GROUPS, LENGTH, SPAN, WIDTH = 2, 6, 2, 3, 5, 4


class Attends(nn.Module):
    """A function of queries, keys, values and a mask as a module."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        """q: [B, N, T, H]; k, v: [B, KV, S, H] -> [B, N, T, H]."""
        return self.function(q, k, v, mask)


def repeated(x: Tensor) -> Tensor:
    """[B, KV, S, H] -> [B, N, S, H], as transformers writes it."""
    return (
        x[:, :, None]
        .expand(-1, -1, HEADS // x.shape[1], -1, -1)
        .reshape(x.shape[0], HEADS, *x.shape[2:])
    )


def _known_mask(*, hidden: bool) -> Tensor:
    """True is visible; with `hidden`, the first query sees nothing."""
    mask = torch.ones(LENGTH, SPAN).tril(0).bool()
    mask[0] = not hidden
    return mask


ALL_SEE, FIRST_IS_BLIND = _known_mask(hidden=False), _known_mask(hidden=True)


@dataclass(frozen=True)
class Case:
    """A way to write attention, how many key heads it takes, and ops that it is not to need."""

    function: Callable[..., Tensor]
    groups: int
    absent: frozenset[str]
    needed: frozenset[str] = frozenset()


def _grouped(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(q, repeated(k), repeated(v), attn_mask=mask)


def _only_keys_grouped(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    values = v.repeat_interleave(HEADS // v.shape[1], 1)
    return F.scaled_dot_product_attention(q, repeated(k), values * 2, attn_mask=mask)


def _single_head(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    shape = (-1, HEADS, -1, -1)
    return F.scaled_dot_product_attention(q, k.expand(shape), v.expand(shape), attn_mask=mask)


def _constant_mask(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(q, k, v, attn_mask=ALL_SEE) + mask.sum()


def _blind_row(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(q, k, v, attn_mask=FIRST_IS_BLIND) + mask.sum()


def _spread_mask(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    visible = (mask[:1, :, :1].abs() > 0.3).expand(q.shape[0], 1, LENGTH, SPAN)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=visible)


BROADCAST = frozenset({"broadcast_to"})
COPIES = BROADCAST | {"concatenation"}
MASKING = frozenset({"select_v2", "reduce_any", "cast"})
CASES = {
    "keys repeated for groups": Case(_grouped, GROUPS, COPIES),
    "keys alone repeated": Case(_only_keys_grouped, GROUPS, frozenset()),
    "one head for all": Case(_single_head, 1, COPIES),
    "a mask known in advance": Case(_constant_mask, HEADS, MASKING),
    "a known mask with a row that sees nothing": Case(
        _blind_row, HEADS, frozenset({"select_v2"}), frozenset({"reduce_any"})
    ),
    "a mask spread over queries": Case(
        _spread_mask, HEADS, BROADCAST, frozenset({"select_v2", "reduce_any"})
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_attention(name: str) -> None:
    case = CASES[name]
    torch.manual_seed(0)
    inputs = (
        torch.randn(BATCH, HEADS, LENGTH, WIDTH),
        torch.randn(BATCH, case.groups, SPAN, WIDTH),
        torch.randn(BATCH, case.groups, SPAN, WIDTH),
        torch.randn(BATCH, 1, LENGTH, SPAN),
    )
    module = Attends(case.function).eval()
    edge = litewright.convert(module, inputs, passes=EMPTY)
    with mlir.use(edge.program.context):
        found = {each.removeprefix("tfl.") for each in ops_of(edge.program)}
    assert not found & case.absent
    assert case.needed <= found
    expected = module(*inputs).numpy()
    assert not np.allclose(expected, 0)
    assert_close(np.asarray(edge(*inputs)), expected, "float32 model")
