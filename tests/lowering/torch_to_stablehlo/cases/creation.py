"""Cases of tensors made of nothing."""

import torch

from tests.lowering.torch_to_stablehlo.case import b, case, f, i

aten = torch.ops.aten

_X = f(2, 3)

CASES = (
    case(aten.zeros.default, [2, 3]),
    case(aten.zeros.default, [2], dtype=torch.bool),
    case(aten.ones.default, [2, 3], dtype=torch.int64),
    case(aten.zeros_like.default, _X),
    case(aten.ones_like.default, _X, dtype=torch.uint8),
    case(aten.new_zeros.default, _X, [4]),
    case(aten.new_ones.default, i(0, 3, 2), [4]),
    case(aten.empty.memory_format, [0, 3]),
    case(aten.empty_like.default, f(0, 2)),
    case(aten.new_empty.default, _X, [0]),
    case(aten.empty_permuted.default, [0, 2], [1, 0]),
    case(aten.empty_strided.default, [0, 2], [2, 1]),
    case(aten.full.default, [2, 3], 7.5),
    case(aten.full.default, [2], True),
    case(aten.full.default, [2], float("-inf")),
    case(aten.full_like.default, _X, 3, dtype=torch.int32),
    case(aten.full_like.default, b(3), 1),
    case(aten.new_full.default, _X, [4], 2),
    case(aten.scalar_tensor.default, 2.5),
    case(aten.scalar_tensor.default, 3, dtype=torch.int64),
    case(aten.fill.Scalar, _X, 2.5),
    case(aten.fill.Tensor, _X, f()),
    case(aten.arange.default, 5),
    case(aten.arange.default, 4.5),
    case(aten.arange.start, 2, 7),
    case(aten.arange.start_step, 7, -3, -2),
    case(aten.arange.start_step, 0.1, 2, 0.3),
    case(aten.arange.start_step, 0, 6, 1, dtype=torch.float32),
    case(aten.eye.default, 3),
    case(aten.eye.m, 2, 4),
    case(aten.linspace.default, -1, 2, 7),
    case(aten.logspace.default, 0, 2, 5),
    case(aten.tril_indices.default, 3, 4),
    case(aten.triu_indices.default, 3, 4, 1),
    case(aten.hann_window.default, 8),
    case(aten.hamming_window.default, 8),
)
