"""Cases of pooling."""

import torch

from tests.lowering.torch_to_stablehlo.case import case, f, i

aten = torch.ops.aten

_IMAGE = f(2, 3, 9, 8)

CASES = (
    case(aten.max_pool1d.default, f(2, 3, 9), [3], [2], [1]),
    case(aten.max_pool2d.default, _IMAGE, [3, 3], [2, 2], [1, 1]),
    case(aten.max_pool2d.default, _IMAGE, [2, 2]),
    case(aten.max_pool2d.default, _IMAGE, [3, 2], [2, 3], [1, 0], [2, 1]),
    case(aten.max_pool2d.default, _IMAGE, [3, 3], [2, 2], [0, 0], [1, 1], True),
    case(aten.max_pool2d.default, f(1, 1, 5, 5), [2, 2], [2, 2], [1, 1], [1, 1], True),
    case(aten.max_pool2d.default, f(3, 9, 8), [3], [2]),
    case(aten.max_pool3d.default, f(1, 2, 5, 6, 7), [2, 3, 2], [2, 1, 2], [1, 1, 0]),
    case(aten.max_pool2d_with_indices.default, _IMAGE, [3, 3], [2, 2], [1, 1], results=(0,)),
    case(aten.max_pool3d_with_indices.default, f(1, 2, 5, 6, 7), [2, 3, 2], results=(0,)),
    case(aten.avg_pool1d.default, f(2, 3, 9), [3], [2], [1]),
    case(aten.avg_pool2d.default, _IMAGE, [3, 3], [2, 2], [1, 1]),
    case(aten.avg_pool2d.default, _IMAGE, [3, 2], [], [1, 0], False, False),
    case(aten.avg_pool2d.default, _IMAGE, [3, 3], [2, 2], [1, 1], True),
    case(aten.avg_pool2d.default, _IMAGE, [3, 3], [2, 2], [1, 1], True, False),
    case(aten.avg_pool2d.default, _IMAGE, [2, 2], [2, 2], [0, 0], True),
    case(aten.avg_pool2d.default, _IMAGE, [2, 2], [2, 2], [0, 0], False, True, 3),
    case(aten.avg_pool2d.default, f(3, 9, 8), [3], [2]),
    case(aten.avg_pool3d.default, f(1, 2, 5, 6, 7), [2, 3, 2], [2, 1, 2], [1, 1, 0]),
    case(aten.adaptive_avg_pool1d.default, f(2, 3, 9), [3]),
    case(aten.adaptive_avg_pool2d.default, _IMAGE, [1, 1]),
    case(aten.adaptive_avg_pool2d.default, _IMAGE, [3, 4]),
    case(aten.adaptive_avg_pool2d.default, _IMAGE, [4, 3]),
    case(aten.adaptive_avg_pool2d.default, f(3, 9, 8), [1, 2]),
    case(aten._adaptive_avg_pool2d.default, _IMAGE, [1, 1]),
    case(aten.adaptive_avg_pool3d.default, f(1, 2, 4, 6, 5), [2, 3, 1]),
    case(aten._adaptive_avg_pool3d.default, f(1, 2, 4, 6, 5), [1, 1, 1]),
    case(aten.adaptive_max_pool1d.default, f(2, 3, 9), [3], results=(0,)),
    case(aten.adaptive_max_pool2d.default, _IMAGE, [3, 4], results=(0,)),
    case(aten.max_pool1d.default, f(3, 9), [3], [2], [1], [2], True),
    case(aten.max_pool3d.default, f(2, 5, 6, 7), [2], [2], [1], [1], True),
    case(aten.max_pool2d.default, i(-9, 9, 1, 2, 5, 5, dtype=torch.int8), [2], [1], [1]),
    case(aten.avg_pool1d.default, f(3, 9), [4], [3], [2], True, False),
    case(aten.avg_pool2d.default, _IMAGE, [3, 3], [2, 2], [1, 1], True, False, 5),
    case(aten.avg_pool3d.default, f(2, 2, 5, 6, 7), [2], [2], [1], True, False),
    case(aten.avg_pool3d.default, f(2, 2, 5, 6, 7), [3], [2], [1], True, True, 4),
    case(aten.adaptive_avg_pool3d.default, f(1, 2, 4, 6, 5), [3, 3, 2]),
    case(aten.adaptive_max_pool2d.default, _IMAGE, [4, 3], results=(0,)),
)
