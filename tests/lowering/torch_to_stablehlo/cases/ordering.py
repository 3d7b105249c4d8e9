"""Cases of sorting and of what order tells."""

import torch

from tests.lowering.torch_to_stablehlo.case import b, case, f, f16, i

aten = torch.ops.aten

_X = f(3, 6)
_TIES = i(0, 4, 3, 6)

CASES = (
    case(aten.sort.default, _X),
    case(aten.sort.default, _TIES, 0, True, results=(0,)),
    case(aten.sort.stable, _TIES, stable=True, dim=1),
    case(aten.sort.stable, _TIES, stable=True, dim=1, descending=True),
    case(aten.argsort.default, _X, 0, True),
    case(aten.topk.default, _X, 3),
    case(aten.topk.default, _X, 2, 0, False),
    case(aten.topk.default, f16(20), 5),
    case(aten.kthvalue.default, _X, 2),
    case(aten.kthvalue.default, _X, 2, 0, True),
    case(aten.median.default, _X),
    case(aten.median.dim, _X, 1),
    case(aten.sort.default, i(-9, 9, 3, 6), 0),
    case(aten.sort.default, b(9), results=(0,)),
    case(aten.sort.default, f(), 0),
    case(aten.topk.default, i(-99, 99, 9), 4, largest=False, results=(0,)),
    case(aten.argsort.stable, _TIES, stable=True, dim=1, descending=True),
    case(aten.kthvalue.default, f(), 1),
    case(aten.sort.default, i(0, 255, 30, dtype=torch.uint8), results=(0,)),
    case(aten.sort.default, torch.tensor([-128, 127, 0, -1], dtype=torch.int8)),
)
