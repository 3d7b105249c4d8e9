"""Cases of reading and writing at positions that are data."""

import torch

from litewright.compiler.composites.kv_cache import kv_cache_update
from tests.lowering.torch_to_stablehlo.case import b, case, f, i, i32, permutation

aten = torch.ops.aten

_X = f(4, 5, 6)
_CACHE = f(1, 2, 8, 3)


def _at(*positions: int, dtype: torch.dtype = torch.int64) -> torch.Tensor:
    return torch.tensor(positions, dtype=dtype)


CASES = (
    case(aten.embedding.default, f(9, 4), i(0, 9, 2, 3)),
    case(aten.embedding.default, f(9, 4), i32(0, 9, 5)),
    case(aten.embedding.default, f(9, 4), i(0, 9), -1),
    case(aten.index_select.default, _X, 1, i(0, 5, 7)),
    case(aten.index_select.default, _X, -1, i32(0, 6, 2)),
    case(aten.index_select.default, f(), 0, _at(0)),
    case(kv_cache_update.op, _CACHE, f(1, 2, 3, 3), _at(2, 3, 4), 2),
    case(kv_cache_update.op, _CACHE, f(1, 2, 3, 3), _at(7, 8, 9, dtype=torch.int32), 2),
    case(kv_cache_update.op, _CACHE, f(1, 2, 8, 1), _at(1, dtype=torch.int32), -1),
    case(aten.index.Tensor, _X, [i(-4, 4, 3)]),
    case(aten.index.Tensor, _X, [None, i(-5, 5, 3, 2)]),
    case(aten.index.Tensor, _X, [i(0, 4, 3), i(-5, 5, 2, 1)]),
    case(aten.index.Tensor, _X, [i(0, 4, 3), None, i32(0, 6, 3)]),
    case(aten.index.Tensor, _X, [None, i(0, 5, 3), i(0, 6, 3)]),
    case(aten.index.Tensor, _X, [i(0, 4, 2, 1), i(0, 5, 3), i(0, 6, 1)]),
    case(aten._unsafe_index.Tensor, _X, [i(0, 4, 3)]),
    case(aten.gather.default, _X, 1, i(0, 5, 4, 2, 6)),
    case(aten.gather.default, _X, -1, i(0, 6, 3, 5, 2)),
    case(aten.gather.default, f(), 0, _at(0, 0)),
    case(aten.take.default, _X, i(-120, 120, 3, 2)),
    case(aten.index_put.default, f(6, 4), [permutation(6, 3)], f(3, 4)),
    case(aten.index_put.default, f(6, 4), [permutation(6, 3)], f(4)),
    case(aten.index_put.default, f(6, 4), [i(0, 6, 9)], f(9, 4), True),
    case(aten.index_put.default, _X, [None, permutation(5, 2)], f(4, 2, 6)),
    case(aten.index_put.default, _X, [permutation(4, 2), None, permutation(6, 2)], f(2, 5)),
    case(aten.index_put.default, f(6, 4), [b(6, 4)], f()),
    case(aten.index_put.default, f(6, 4), [b(6)], f(1), True),
    case(aten._unsafe_index_put.default, f(6, 4), [permutation(6, 3)], f(3, 4)),
    case(aten.index_copy.default, _X, 1, permutation(5, 3), f(4, 3, 6)),
    case(aten.index_add.default, _X, 1, i(0, 5, 7), f(4, 7, 6), alpha=0.5),
    case(aten.index_fill.int_Scalar, _X, 1, i(0, 5, 2), 7.5),
    case(aten.index_fill.int_Tensor, _X, 1, i(0, 5, 2), f()),
    case(
        aten.scatter.src,
        f(5, 3),
        0,
        permutation(5, 3).draw((3,), torch.Generator())[:, None].expand(3, 3).clone(),
        f(4, 3),
    ),
    case(aten.scatter.src, f(5, 3), 1, i(0, 3, 4, 7), f(5, 7)),
    case(aten.scatter.src, f(5), 0, i(0, 5, 3), f(4)),
    case(aten.scatter.value, f(5, 3), 1, i(0, 3, 4, 2), 2.5),
    case(aten.scatter.value, b(5, 3), -1, i(0, 3, 5, 1), True),
    case(aten.scatter.value, f(2, 6, 3), 1, i(0, 6, 2, 4, 3), -1.5),
    case(aten.scatter_add.default, f(5, 3), 0, i(0, 5, 9, 3), f(9, 3)),
    case(aten.scatter.reduce, f(5, 3), 0, i(0, 5, 2, 3), f(2, 3), reduce="multiply"),
    case(aten.scatter.value_reduce, f(5, 3), 0, i(0, 5, 2, 3), 2.0, reduce="add"),
)
