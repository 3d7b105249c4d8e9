"""Cases of resizing."""

import torch

from tests.lowering.torch_to_stablehlo.case import LOOSE, case, f, i

aten = torch.ops.aten

_IMAGE = f(2, 3, 9, 8)

CASES = (
    case(aten.upsample_nearest2d.default, _IMAGE, [18, 16]),
    case(aten.upsample_nearest2d.default, _IMAGE, [7, 11]),
    case(aten.upsample_nearest2d.vec, _IMAGE, None, [2.0, 1.5]),
    case(aten.upsample_nearest2d.vec, i(0, 9, 1, 2, 3, 3, dtype=torch.uint8), [5, 6], None),
    case(aten.upsample_bilinear2d.default, _IMAGE, [18, 16], False, kind=LOOSE),
    case(aten.upsample_bilinear2d.default, _IMAGE, [7, 11], True, kind=LOOSE),
    case(aten.upsample_bilinear2d.vec, _IMAGE, None, False, [2.0, 1.7], kind=LOOSE),
    case(aten.upsample_bilinear2d.vec, _IMAGE, [5, 1], True, None, kind=LOOSE),
)
