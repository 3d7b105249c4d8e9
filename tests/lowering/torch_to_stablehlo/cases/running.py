"""Cases of running sums, products and extremes."""

import torch

from tests.lowering.torch_to_stablehlo.case import LOOSE, b, between, case, f, i

aten = torch.ops.aten

_X = f(3, 6)
_TIES = i(0, 4, 3, 6)

CASES = (
    case(aten.cumsum.default, _X, 1),
    case(aten.cumsum.default, _TIES, 0),
    case(aten.cumsum.default, b(9), 0),
    case(aten.cumsum.default, f(), 0),
    case(aten.cumprod.default, _X, -1),
    case(aten.logcumsumexp.default, _X, 1, kind=LOOSE),
    case(aten.cummax.default, _TIES, 1),
    case(aten.cummin.default, _X, 0),
    case(aten.logcumsumexp.default, between(-900, 900, 9, 2), 0, kind=LOOSE),
    case(aten.cummax.default, f(), 0),
    case(aten.cumsum.default, f(2, 3), 0, dtype=torch.float64),
    case(aten.cumprod.default, i(1, 4, 7), 0),
)
