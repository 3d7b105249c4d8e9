"""Cases of comparisons, logic and bits."""

import torch

from tests.lowering.torch_to_stablehlo.case import b, case, f, f16, f64, i, i32, special

aten = torch.ops.aten

_BYTES = i(0, 255, 20, dtype=torch.uint8)

CASES = (
    *(
        row
        for name in ("eq", "ne", "lt", "le", "gt", "ge")
        for tensor, scalar in ((getattr(aten, name).Tensor, getattr(aten, name).Scalar),)
        for row in (
            case(tensor, i(0, 4, 5, 7), i(0, 4, 7)),
            case(tensor, i(0, 4, 9), f(9)),
            case(tensor, i(0, 4, 9), i32(0, 4, 9)),
            case(tensor, special(), special().flip(0)),
            case(scalar, i(0, 4, 20), 2),
            case(scalar, i(0, 4, 20), 1.5),
            case(scalar, f16(20), 0.1),
            case(scalar, special(), 0),
        )
    ),
    case(aten.eq.Tensor, f(), f64(3)),
    case(aten.eq.Tensor, b(9), i(0, 2, 9)),
    case(aten.logical_and.default, i(0, 2, 5, 4), f(4)),
    case(aten.logical_or.default, b(20), b(20)),
    case(aten.logical_xor.default, i(0, 2, 20), b(20)),
    case(aten.logical_not.default, i(0, 2, 20)),
    case(aten.logical_not.default, special()),
    case(aten.bitwise_not.default, i(-9, 9, 20)),
    case(aten.bitwise_not.default, b(20)),
    *(
        row
        for name in ("bitwise_and", "bitwise_or", "bitwise_xor", "__and__", "__or__", "__xor__")
        for tensor, scalar in ((getattr(aten, name).Tensor, getattr(aten, name).Scalar),)
        for row in (
            case(tensor, i(-90, 90, 5, 4), i32(-90, 90, 4)),
            case(tensor, b(20), b(20)),
            case(scalar, i(-90, 90, 20), 12),
        )
    ),
    case(aten.bitwise_left_shift.Tensor, i(-9, 9, 20), i(0, 5, 20)),
    case(aten.bitwise_left_shift.Tensor_Scalar, i(-9, 9, 20), 3),
    case(aten.__lshift__.Tensor, i(-9, 9, 20), i(0, 5, 20)),
    case(aten.__lshift__.Scalar, i(-9, 9, 20), 3),
    case(aten.bitwise_right_shift.Tensor, i(-900, 900, 20), i(0, 5, 20)),
    case(aten.bitwise_right_shift.Tensor, _BYTES, i(0, 5, 20, dtype=torch.uint8)),
    case(aten.bitwise_right_shift.Tensor_Scalar, i(-900, 900, 20), 3),
    case(aten.__rshift__.Tensor, i(-900, 900, 20), i(0, 5, 20)),
    case(aten.__rshift__.Scalar, _BYTES, 3),
    case(aten.isnan.default, special()),
    case(aten.isnan.default, i(0, 3, 4)),
    case(aten.isinf.default, special()),
    case(aten.isinf.default, i(0, 3, 4)),
    case(aten.isfinite.default, special()),
    case(aten.isfinite.default, i(0, 3, 4)),
    case(aten.isposinf.default, special()),
    case(aten.isneginf.default, special()),
    case(aten.nan_to_num.default, special()),
    case(aten.nan_to_num.default, special(), 1.5, 20.0, -30.0),
    case(aten.nan_to_num.default, i(0, 3, 4)),
    case(aten.heaviside.default, special()[3:], f(5)),
    case(aten.signbit.default, special()),
    case(aten.signbit.default, i(-3, 3, 9)),
    case(aten.signbit.default, f16(9)),
    case(aten.positive.default, f(5)),
)
