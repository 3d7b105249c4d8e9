"""Cases of normalisations and softmax."""

import torch

from tests.lowering.torch_to_stablehlo.case import LOOSE, between, bf16, case, f, f16, i

aten = torch.ops.aten

_VARIANCE = between(0.5, 2, 3)

CASES = (
    case(aten.softmax.int, f(3, 5), -1, kind=LOOSE),
    case(aten.softmax.int, f(3, 5, 4), 1, kind=LOOSE),
    case(aten.softmax.int, between(-900, 900, 3, 5), 0, kind=LOOSE),
    case(aten.softmax.int, f16(3, 5), 1, torch.float32, kind=LOOSE),
    case(aten.softmax.int, f16(3, 50), 1),
    case(aten.softmax.int, bf16(3, 50), 1),
    case(aten.softmax.int, i(0, 4, 3, 5), 1, torch.float32, kind=LOOSE),
    case(aten.softmax.int, f(), 0),
    case(aten._softmax.default, f(3, 5), 1, False, kind=LOOSE),
    case(aten.log_softmax.int, f(3, 5, 2), 1, kind=LOOSE),
    case(aten.log_softmax.int, f(), 0),
    case(aten._log_softmax.default, f(3, 5), 0, False, kind=LOOSE),
    case(
        aten.batch_norm.default,
        f(2, 3, 4, 5), f(3), f(3), f(3), _VARIANCE, False, 0.1, 1e-3, False,
    ),
    case(aten.batch_norm.default, f(2, 3), None, f(3), f(3), _VARIANCE, False, 0.1, 1e-5, False),
    case(aten.batch_norm.default, f(2, 3, 4), f(3), None, f(3), _VARIANCE, False, 0.1, 1e-5, False),
    case(
        aten._native_batch_norm_legit_no_training.default,
        f(2, 3, 4, 5), f(3), f(3), f(3), _VARIANCE, 0.1, 1e-3, results=(0,),
    ),
    case(
        aten._native_batch_norm_legit.no_stats,
        f(2, 3, 4, 5), f(3), f(3), True, 0.1, 1e-3, results=(0,), kind=LOOSE,
    ),
    case(aten.layer_norm.default, f(2, 3, 8), [8], f(8), f(8), kind=LOOSE),
    case(aten.layer_norm.default, f(2, 3, 8), [3, 8], None, None, 1e-3, kind=LOOSE),
    case(aten.layer_norm.default, f(4, 8), [8], f(8), None, kind=LOOSE),
    case(aten.layer_norm.default, bf16(4, 8), [8], bf16(8), bf16(8)),
    case(
        aten.native_layer_norm.default, f(4, 8), [8], f(8), f(8), 1e-5, results=(0,), kind=LOOSE
    ),
    case(aten.rms_norm.default, f(4, 8), [8], f(8), 1e-5, kind=LOOSE),
    case(aten.rms_norm.default, f(4, 3, 8), [3, 8], kind=LOOSE),
    case(aten.rms_norm.default, f16(4, 8), [8], f16(8)),
    case(aten.group_norm.default, f(2, 6, 4, 3), 3, f(6), f(6), kind=LOOSE),
    case(aten.group_norm.default, f(2, 6, 5), 2, kind=LOOSE),
    case(
        aten.native_group_norm.default,
        f(2, 6, 4, 3), f(6), f(6), 2, 6, 12, 3, 1e-5, results=(0,), kind=LOOSE,
    ),
    case(
        aten.instance_norm.default,
        f(2, 3, 4, 5), f(3), f(3), None, None, True, 0.1, 1e-5, False, kind=LOOSE,
    ),
    case(
        aten.instance_norm.default,
        f(2, 3, 4, 5), None, None, f(3), _VARIANCE, False, 0.1, 1e-5, False,
    ),
)  # fmt: skip
