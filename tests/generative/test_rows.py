"""Large matrices are read by rows however a model calls for them."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from litewright.generative.huggingface.rows import ReadByRows
from tests.support.tolerances import TOLERANCES, relative_error


class _Stored:
    """A lazy matrix."""

    def __init__(self, values: Tensor) -> None:
        self._values = values.numpy()
        self.shape = tuple(values.shape)

    def rows(self, start: int, stop: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return self._values[start:stop]


_X = torch.randn(3, 5, generator=torch.Generator().manual_seed(1))
_BIAS = torch.randn(7, generator=torch.Generator().manual_seed(2))
_PLACES = torch.tensor([[6, 0, 6], [2, 3, 0]])
_CALLS: dict[str, Callable[[Tensor], Tensor]] = {
    "product": lambda w: F.linear(_X, w),
    "product with a bias": lambda w: F.linear(_X, w, _BIAS),
    "product by name": lambda w: F.linear(_X, weight=w, bias=_BIAS),
    "all by name": lambda w: F.linear(input=_X, weight=w),
    "look-up": lambda w: F.embedding(_PLACES, w),
    "look-up by name": lambda w: F.embedding(input=_PLACES, weight=w, padding_idx=2),
}


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize("name", _CALLS)
def test_calls(name: str, is_large: bool) -> None:
    values = torch.randn(7, 5, generator=torch.Generator().manual_seed(0))
    empty = nn.Parameter(torch.full((7, 5), torch.nan), requires_grad=False)
    with ReadByRows({id(empty): _Stored(values)}):
        actual = _CALLS[name](empty if is_large else values)
    assert relative_error(actual.numpy(), _CALLS[name](values).numpy()) <= TOLERANCES["float32 op"]
