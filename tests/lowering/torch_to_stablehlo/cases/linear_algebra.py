"""Cases of matrix products."""

import torch

from tests.lowering.torch_to_stablehlo.case import LOOSE, between, bf16, case, f, f16, i

aten = torch.ops.aten

CASES = (
    case(aten.linear.default, f(4, 8), f(5, 8)),
    case(aten.linear.default, f(2, 3, 8), f(5, 8), f(5)),
    case(aten.linear.default, f(8), f(5, 8), f(5)),
    case(aten.linear.default, f(3, 8), f(8)),
    case(aten.linear.default, f16(3, 8), f16(5, 8), f16(5)),
    case(aten.matmul.default, f(8), f(8), kind=LOOSE),
    case(aten.matmul.default, f(3, 8), f(8)),
    case(aten.matmul.default, f(2, 3, 8), f(8)),
    case(aten.matmul.default, f(8), f(8, 3)),
    case(aten.matmul.default, f(8), f(2, 8, 3)),
    case(aten.matmul.default, f(4, 8), f(8, 3)),
    case(aten.matmul.default, f(2, 5, 4, 8), f(8, 3)),
    case(aten.matmul.default, f(4, 8), f(2, 8, 3)),
    case(aten.matmul.default, f(2, 1, 4, 8), f(5, 8, 3)),
    case(aten.matmul.default, f(2, 5, 4, 8), f(2, 5, 8, 3)),
    case(aten.matmul.default, bf16(4, 8), bf16(8, 3)),
    case(aten.matmul.default, i(-9, 9, 4, 8), i(-9, 9, 8, 3)),
    case(aten.mm.default, f(4, 8), f(8, 3)),
    case(aten.bmm.default, f(2, 4, 8), f(2, 8, 3)),
    case(aten.mv.default, f(4, 8), f(8)),
    case(aten.addmm.default, f(3), f(4, 8), f(8, 3)),
    case(aten.addmm.default, f(4, 3), f(4, 8), f(8, 3), beta=0.5, alpha=2),
    case(aten.addmm.default, f(4, 3), f(4, 8), f(8, 3), beta=0),
    case(aten.baddbmm.default, f(4, 3), f(2, 4, 8), f(2, 8, 3), alpha=0.3),
    case(aten.addmv.default, f(4), f(4, 8), f(8), beta=2),
    case(aten.dot.default, between(1, 2, 8), f(8), kind=LOOSE),
    case(aten.vdot.default, between(1, 2, 8), f(8), kind=LOOSE),
    case(aten.outer.default, f(8), f(3)),
    case(aten.ger.default, f(8), f(3)),
)
