"""Cases of scaled dot-product attention."""

import torch

from tests.lowering.torch_to_stablehlo.case import LOOSE, b, bf16, case, f

_SDPA = torch.ops.aten.scaled_dot_product_attention.default
_Q, _K, _V = f(2, 4, 5, 8), f(2, 4, 7, 8), f(2, 4, 7, 6)
_SEEN = torch.ones(5, 7, dtype=torch.bool).tril(1)
_UNSEEN = _SEEN.clone()
_UNSEEN[2] = False

CASES = (
    case(_SDPA, _Q, _K, _V, kind=LOOSE),
    case(_SDPA, _Q, _K, _V, f(5, 7), kind=LOOSE),
    case(_SDPA, _Q, _K, _V, f(2, 1, 5, 7), scale=0.7, kind=LOOSE),
    case(_SDPA, _Q, _K, _V, _SEEN, kind=LOOSE),
    case(_SDPA, _Q, _K, _V, _UNSEEN, kind=LOOSE),
    case(_SDPA, _Q, f(2, 4, 5, 8), f(2, 4, 5, 8), None, 0.0, True, kind=LOOSE),
    case(_SDPA, _Q, _K, _V, None, 0.0, True, kind=LOOSE),
    case(_SDPA, _Q, f(2, 2, 7, 8), f(2, 2, 7, 8), f(1, 1, 5, 7), enable_gqa=True, kind=LOOSE),
    case(_SDPA, _Q, f(2, 4, 7, 8), f(2, 4, 7, 8), enable_gqa=True, kind=LOOSE),
    case(_SDPA, f(4, 5, 8), f(4, 7, 8), f(4, 7, 8), kind=LOOSE),
    case(_SDPA, f(4, 5, 8), f(4, 7, 8), f(4, 7, 8), f(4, 5, 7), kind=LOOSE),
    case(_SDPA, f(5, 8), f(7, 8), f(7, 8), f(5, 7), kind=LOOSE),
    case(_SDPA, f(3, 2, 4, 5, 8), f(3, 2, 4, 7, 8), f(3, 2, 4, 7, 8), b(3, 1, 1, 5, 7), kind=LOOSE),
    case(_SDPA, f(2, 4, 5, 8), f(1, 4, 7, 8), f(1, 4, 7, 8), kind=LOOSE),
    case(_SDPA, bf16(1, 2, 5, 8), bf16(1, 2, 7, 8), bf16(1, 2, 7, 8)),
)
