"""Cases of convolutions."""

import torch

from tests.lowering.torch_to_stablehlo.case import case, f, f16

aten = torch.ops.aten

_NO, _ONE = [0, 0], [1, 1]

CASES = (
    case(
        aten.convolution.default,
        f(2, 4, 9, 8), f(6, 2, 3, 2), f(6), [2, 1], [1, 0], [1, 2], False, _NO, 2,
    ),
    case(
        aten.convolution.default,
        f(2, 4, 5, 6), f(4, 3, 3, 2), f(6), [2, 3], [1, 0], [1, 2], True, [1, 0], 2,
    ),
    case(aten.conv1d.default, f(2, 4, 9), f(6, 4, 3), f(6), [2], [1], [2]),
    case(aten.conv1d.default, f(4, 9), f(6, 4, 3)),
    case(aten.conv2d.default, f(1, 3, 8, 8), f(5, 3, 3, 3)),
    case(aten.conv2d.default, f(2, 3, 7, 9), f(5, 3, 3, 2), f(5), [2, 1], [1, 2], [2, 1]),
    case(aten.conv2d.default, f(1, 6, 7, 7), f(12, 1, 3, 3), None, _ONE, _ONE, _ONE, 6),
    case(aten.conv2d.default, f(3, 8, 8), f(5, 3, 3, 3), f(5)),
    case(aten.conv2d.default, f16(1, 3, 8, 8), f16(5, 3, 3, 3)),
    case(aten.conv3d.default, f(1, 2, 5, 6, 7), f(3, 2, 2, 3, 3), f(3), [1, 2, 1], [1, 0, 1]),
    case(aten.conv1d.padding, f(2, 4, 9), f(6, 4, 4), None, [1], "same"),
    case(aten.conv2d.padding, f(1, 3, 8, 7), f(5, 3, 4, 3), f(5), _ONE, "same", [1, 2]),
    case(aten.conv2d.padding, f(1, 3, 8, 7), f(5, 3, 4, 3), f(5), [2, 2], "valid"),
    case(aten.conv3d.padding, f(1, 2, 5, 5, 5), f(3, 2, 2, 3, 3), None, [1], "same"),
    case(aten.conv_transpose1d.default, f(2, 4, 9), f(4, 6, 3), f(6), [2], [1], [1]),
    case(aten.conv_transpose2d.input, f(2, 4, 5, 6), f(4, 5, 3, 2), f(5), [2, 3], [1, 0], [1, 2]),
    case(aten.conv_transpose2d.input, f(1, 4, 5, 5), f(4, 2, 2, 2), None, [2, 2]),
    case(
        aten.conv_transpose2d.input,
        f(1, 4, 5, 5), f(4, 3, 3, 3), f(6), _ONE, _ONE, _NO, 2, [2, 1],
    ),
    case(aten.conv_transpose3d.input, f(1, 2, 3, 4, 3), f(2, 3, 2, 3, 2), f(3), [2, 1, 2]),
)  # fmt: skip
