"""Cases of activation functions."""

import torch

from tests.lowering.torch_to_stablehlo.case import LOOSE, between, bf16, case, f, f16

aten = torch.ops.aten

_WIDE = between(-6, 6, 4, 9)

CASES = (
    case(aten.silu.default, _WIDE, kind=LOOSE),
    case(aten.gelu.default, _WIDE, kind=LOOSE),
    case(aten.gelu.default, _WIDE, approximate="tanh", kind=LOOSE),
    case(aten.gelu.default, f16(3, 5)),
    case(aten.gelu.default, bf16(3, 5)),
    case(aten.leaky_relu.default, _WIDE),
    case(aten.leaky_relu.default, _WIDE, 0.3),
    case(aten.elu.default, _WIDE, kind=LOOSE),
    case(aten.elu.default, _WIDE, 0.5, 2, 0.7, kind=LOOSE),
    case(aten.celu.default, _WIDE, 0.7, kind=LOOSE),
    case(aten.selu.default, _WIDE, kind=LOOSE),
    case(aten.hardswish.default, _WIDE),
    case(aten.hardsigmoid.default, _WIDE),
    case(aten.prelu.default, f(2, 3, 4), f(3)),
    case(aten.prelu.default, f(2, 3, 4), f(1)),
    case(aten._prelu_kernel.default, f(2, 3), f(1, 3)),
    case(aten.softplus.default, _WIDE, kind=LOOSE),
    case(aten.softplus.default, _WIDE, 2, 3, kind=LOOSE),
    case(aten.mish.default, _WIDE, kind=LOOSE),
    case(aten.log_sigmoid.default, between(-60, 60, 40), kind=LOOSE),
    case(aten.log_sigmoid_forward.default, _WIDE, results=(0,), kind=LOOSE),
    case(aten.hardshrink.default, f(30), 0.4),
    case(aten.softshrink.default, f(30), 0.4),
    case(aten.glu.default, f(3, 8), kind=LOOSE),
    case(aten.glu.default, f(4, 8), 0, kind=LOOSE),
)
