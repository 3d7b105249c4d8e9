"""Cases of ops that are traced from JAX, or decomposed by torch."""

import torch

from tests.lowering.torch_to_stablehlo.case import LOOSE, b, between, case, f, i, special

aten = torch.ops.aten

_UNIT = between(-0.95, 0.95, 20)
_X = f(3, 6)
_TIES = i(0, 4, 3, 6)

CASES = (
    case(aten.tan.default, _UNIT, kind=LOOSE),
    case(aten.tan.default, i(0, 2, 5), kind=LOOSE),
    case(aten.asin.default, _UNIT, kind=LOOSE),
    case(aten.acos.default, _UNIT, kind=LOOSE),
    case(aten.atan.default, f(20), kind=LOOSE),
    case(aten.sinh.default, f(20), kind=LOOSE),
    case(aten.cosh.default, f(20), kind=LOOSE),
    case(aten.asinh.default, f(20), kind=LOOSE),
    case(aten.acosh.default, between(1.1, 9, 20), kind=LOOSE),
    case(aten.atanh.default, _UNIT, kind=LOOSE),
    case(aten.erfc.default, f(20), kind=LOOSE),
    case(aten.special_erfc.default, f(20), kind=LOOSE),
    case(aten.erfinv.default, _UNIT, kind=LOOSE),
    case(aten.lgamma.default, between(0.1, 9, 20), kind=LOOSE),
    case(aten.digamma.default, between(0.1, 9, 20), kind=LOOSE),
    case(aten.i0.default, f(20), kind=LOOSE),
    case(aten.sinc.default, f(20), kind=LOOSE),
    case(aten.logaddexp.default, _X, f(6), kind=LOOSE),
    case(aten.logaddexp2.default, _X, f(6), kind=LOOSE),
    case(aten.hypot.default, _X, f(6), kind=LOOSE),
    case(aten.copysign.Tensor, _X, f(6)),
    case(aten.copysign.Scalar, _X, -1),
    case(aten.copysign.Tensor, f(8), special()[[0, 1, 3, 4, 5, 6, 7, 0]]),
    case(aten.xlogy.Tensor, torch.tensor([0.0, 1, 2]), between(0.1, 2, 3), kind=LOOSE),
    case(aten.xlogy.Scalar_Other, f(5), 2, kind=LOOSE),
    case(aten.xlogy.Scalar_Self, 2, between(0.1, 3, 5), kind=LOOSE),
    case(aten.searchsorted.Tensor, torch.arange(5.0), f(3, 4)),
    case(aten.searchsorted.Tensor, torch.arange(6.0).reshape(2, 3), f(2, 4), right=True),
    case(aten.bucketize.Tensor, i(-1, 6, 9), torch.arange(5), right=True),
    case(aten.bucketize.Tensor, f(9), torch.arange(-2.0, 2), out_int32=True),
    case(aten.diag_embed.default, f(2, 3)),
    case(aten.diag_embed.default, f(2, 3), 1, 0, 2),
    case(aten.diagonal_scatter.default, f(4, 5), f(4)),
    case(aten.diagonal_scatter.default, f(3, 4, 5), f(4, 3), -1, 2, 0),
    case(aten.masked_scatter.default, f(4, 5), b(4, 5), f(20)),
    case(aten.masked_scatter.default, f(4, 5), b(5), f(20)),
    case(aten.as_strided.default, f(4, 6), [3, 2], [7, 2], 1),
    case(aten.scatter_reduce.two, f(5, 3), 0, i(0, 5, 9, 3), f(9, 3), "sum"),
    case(aten.scatter_reduce.two, f(5, 3), 0, i(0, 5, 9, 3), f(9, 3), "prod"),
    case(aten.scatter_reduce.two, f(5, 3), 1, i(0, 3, 5, 7), f(5, 7), "mean"),
    case(aten.scatter_reduce.two, f(5, 3), 0, i(0, 5, 4, 3), f(4, 3), "amax", include_self=False),
    case(aten.scatter_reduce.two, f(5, 3), 0, i(0, 5, 4, 3), f(4, 3), "amin"),
    case(aten.scatter_reduce.two, f(5, 3), 0, i(0, 5, 4, 3), f(4, 3), "mean", include_self=False),
    case(aten.isin.Tensor_Tensor, _TIES, torch.tensor([0, 3])),
    case(aten.isin.Tensor_Tensor, _TIES, torch.tensor([0, 3]), invert=True),
    case(
        aten._trilinear.default,
        f(2, 3),
        f(5, 3, 4),
        f(2, 4),
        [1, 3],
        [0],
        [1, 2],
        [2, 3],
        kind=LOOSE,
    ),
    *(
        case(aten._cdist_forward.default, f(2, 4, 5), f(2, 3, 5), p, None, kind=LOOSE)
        for p in (0.0, 1.0, 2.0, 3.0, float("inf"))
    ),
    case(
        aten.grid_sampler_2d.default,
        f(1, 2, 4, 5),
        between(-1.2, 1.2, 1, 3, 3, 2),
        0,
        0,
        False,
        kind=LOOSE,
    ),
    case(
        aten.grid_sampler_2d.default,
        f(1, 2, 4, 5),
        between(-1.2, 1.2, 1, 3, 3, 2),
        1,
        1,
        True,
        kind=LOOSE,
    ),
)
