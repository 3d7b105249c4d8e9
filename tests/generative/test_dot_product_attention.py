"""Attention with sinks and bounded scores, on LiteRT, against the formula written out head by head."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import litewright
from litewright.generative.layers.attention_utils import build_causal_mask_cache
from litewright.generative.layers.dot_product_attention import dot_product_attention
from tests.support.tolerances import assert_close


class Attention(nn.Module):
    def __init__(self, heads: int, softcap: float | None, *, sinks: bool) -> None:
        super().__init__()
        self.sinks = nn.Parameter(torch.randn(heads)) if sinks else None
        self.softcap = softcap

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
        return dot_product_attention(
            query, key, value, mask, scale=0.6, softcap=self.softcap, sinks=self.sinks
        )


def _head(module: Attention, head: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """One head, row by row: [T, H], [S, H], [S, V] -> [T, V]; row i sees rows 0 to i."""
    rows: list[Tensor] = []
    for i, row in enumerate(query):
        scores = 0.6 * (key[: i + 1] @ row)
        if module.softcap is not None:
            scores = module.softcap * torch.tanh(scores / module.softcap)
        powers = scores.exp()
        total = powers.sum() + (module.sinks[head].exp() if module.sinks is not None else 0.0)
        rows.append((powers / total) @ value[: i + 1])
    return torch.stack(rows)


@pytest.mark.parametrize("softcap", [None, 0.8])
@pytest.mark.parametrize("sinks", [False, True])
@pytest.mark.parametrize(("heads", "groups", "length"), [(4, 2, 5), (3, 1, 7), (2, 2, 3)])
def test_attention(
    heads: int, groups: int, length: int, *, sinks: bool, softcap: float | None
) -> None:
    module = Attention(heads, softcap, sinks=sinks).eval()
    query = torch.randn(1, heads, length, 8)
    key, value = torch.randn(1, groups, length, 8), torch.randn(1, groups, length, 6)
    inputs = (query, key, value, build_causal_mask_cache(length))
    with torch.no_grad():
        each = range(heads)
        share = heads // groups
        expected = torch.stack(
            [_head(module, i, query[0, i], key[0, i // share], value[0, i // share]) for i in each]
        )
    made = litewright.convert(module, inputs)(*inputs)
    assert_close(np.asarray(made), expected[None].numpy(), "float32 transcendental")
