"""The built-in composites against torch: in eager mode, on XLA and on LiteRT, and as they are in the IR."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import litewright
from litewright.compiler.capture import capture
from litewright.compiler.driver.presets import EMPTY
from litewright.compiler.ir import mlir
from litewright.composites import (
    kv_cache_update,
    rms_norm,
    rotary_embedding,
    soft_capped_attention,
    swiglu,
)
from litewright.lowering.torch_to_stablehlo import lower, supported_ops
from tests.support.agreement import assert_agrees
from tests.support.tolerances import assert_close
from tests.support.xla import run_program


def _reference_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, *, cap: float, causal: bool
) -> Tensor:
    """Head by head, key heads repeated, as in the definition."""
    repeats = query.shape[1] // key.shape[1]
    key, value = (each.repeat_interleave(repeats, 1) for each in (key, value))
    scores = torch.tanh(query @ key.mT * 0.5 / cap) * cap
    if causal:
        scores = scores.masked_fill(~torch.ones_like(scores, dtype=torch.bool).tril(), -torch.inf)
    if mask is not None and mask.dtype == torch.bool:
        scores = scores.masked_fill(~mask, -torch.inf)
    elif mask is not None:
        scores = scores + mask
    return scores.softmax(-1).nan_to_num(0.0) @ value


def _attention(*, heads: int, masked: str = "", causal: bool = False) -> Any:
    """Attention of four query heads, three queries and five keys, and its reference."""
    samples = [torch.randn(2, 4, 3, 8), torch.randn(2, heads, 5, 8), torch.randn(2, heads, 5, 6)]
    samples += [torch.randn(2, 1, 3, 5)] if masked else []

    def mask_of(masks: tuple[Tensor, ...]) -> Tensor | None:
        if not masks:
            return None
        # The last query sees nothing where the mask is boolean.
        visible = torch.cat([masks[0][:, :, :2] > -0.5, masks[0][:, :, 2:] > 100], 2)
        return visible if masked == "bool" else masks[0]

    def ours(query: Tensor, key: Tensor, value: Tensor, *masks: Tensor) -> Tensor:
        mask = mask_of(masks)
        return soft_capped_attention(
            query, key, value, mask, scale=0.5, logit_cap=0.75, is_causal=causal
        )

    def reference(query: Tensor, key: Tensor, value: Tensor, *masks: Tensor) -> Tensor:
        return _reference_attention(query, key, value, mask_of(masks), cap=0.75, causal=causal)

    return ours, reference, samples


def _by_complex_numbers(x: Tensor, angles: Tensor) -> Tensor:
    """Neighbours as complex numbers, turned."""
    pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)).flatten(-2)


def _rotary(*, interleaved: bool) -> Any:
    samples = [torch.randn(2, 4, 3, 8), torch.randn(3, 4)]

    def ours(x: Tensor, angles: Tensor) -> Tensor:
        both = angles.repeat_interleave(2, -1) if interleaved else torch.cat([angles, angles], -1)
        return rotary_embedding(x, both.cos(), both.sin(), interleaved=interleaved)

    def reference(x: Tensor, angles: Tensor) -> Tensor:
        if interleaved:
            return _by_complex_numbers(x, angles)
        neighbours = torch.stack(x.chunk(2, -1), -1).flatten(-2)
        turned = _by_complex_numbers(neighbours, angles)
        return torch.cat([turned[..., ::2], turned[..., 1::2]], -1)

    return ours, reference, samples


CASES: Mapping[str, tuple[Callable[..., Tensor], Callable[..., Tensor], list[Tensor]]] = {
    "rms norm": (
        lambda x, w: rms_norm(x, w, eps=0.25),
        lambda x, w: F.rms_norm(x, [6], w, 0.25),
        [torch.randn(2, 3, 6), torch.randn(6)],
    ),
    "rms norm without a weight": (
        lambda x: rms_norm(x, eps=0.25),
        lambda x: F.rms_norm(x, [6], None, 0.25),
        [torch.randn(4, 6)],
    ),
    "swiglu": (
        swiglu,
        lambda g, u: g * torch.sigmoid(g) * u,
        [torch.randn(3, 4), torch.randn(3, 4)],
    ),
    "rotary, in halves": _rotary(interleaved=False),
    "rotary, interleaved": _rotary(interleaved=True),
    "attention, multi-head": _attention(heads=4),
    "attention, grouped queries": _attention(heads=2, masked="float"),
    "attention, one key head": _attention(heads=1, masked="bool"),
    "attention, causal": _attention(heads=2, causal=True),
    "kv cache": (
        lambda cache, new: kv_cache_update(cache, new, torch.tensor([2, 3]), 2),
        lambda cache, new: torch.cat([cache[:, :, :2], new, cache[:, :, 4:]], 2),
        [torch.randn(1, 2, 6, 4), torch.randn(1, 2, 2, 4)],
    ),
}


class Call(nn.Module):
    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *tensors: Tensor) -> Tensor:
        return self.function(*tensors)


@pytest.mark.parametrize("name", CASES)
def test_equals_torch_on_every_stage(name: str) -> None:
    ours, reference, samples = CASES[name]
    module = Call(ours).eval()
    expected = reference(*samples).numpy()
    assert_close(module(*samples).numpy(), expected, "float32 transcendental")
    program = capture("main", module, samples, {}, kept=supported_ops())
    inputs = {each.name: x for each, x in zip(program.inputs, samples, strict=True)}
    lowered = lower([program], mlir.make_context())
    with mlir.use(lowered.context):
        on_xla = run_program(lowered, {each: x.numpy() for each, x in inputs.items()})
    assert_close(on_xla["output_0"], expected, "float32 transcendental")
    for plan in (None, EMPTY):
        model = litewright.convert(module, samples, passes=plan)
        result: Any = model(*[x.numpy() for x in samples])
        assert_close(result, expected, "float32 transcendental")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "rms norm",
            r'"litewright.rms_norm" %arg0, %arg1 {composite_attributes = {eps = 2.500000e-01 : f32}',
        ),
        ("swiglu", r'"litewright.swiglu" %arg0, %arg1 {'),
        ("rotary, interleaved", "{composite_attributes = {interleaved = true}"),
        (
            "attention, causal",
            "is_causal = true, logit_cap = 7.500000e-01 : f32, scale = 5.000000e-01 : f32}",
        ),
        ("kv cache", "{composite_attributes = {axis = 2 : i64}"),
    ],
)
def test_attributes_are_in_the_ir(name: str, line: str) -> None:
    ours, _, samples = CASES[name]
    program = capture("main", Call(ours).eval(), samples, {}, kept=supported_ops())
    lowered = lower([program], mlir.make_context())
    with mlir.use(lowered.context):
        assert line in str(lowered)


ATEN: Mapping[str, tuple[nn.Module, Tensor, str]] = {
    "layer norm": (nn.LayerNorm(8, 0.5), torch.randn(2, 8), "aten.layer_norm.*eps = 5.0"),
    "group norm": (
        nn.GroupNorm(2, 4, 0.5),
        torch.randn(1, 4, 3),
        "aten.group_norm.*num_groups = 2",
    ),
    "rms norm": (nn.RMSNorm(8, 0.5), torch.randn(2, 8), "litewright.rms_norm.*eps = 5.0"),
    "gelu": (nn.GELU(), torch.randn(4), 'aten.gelu.*approximate = "none"'),
    "gelu by tanh": (nn.GELU("tanh"), torch.randn(4), 'aten.gelu.*approximate = "tanh"'),
    "softmax": (nn.Softmax(1), torch.randn(2, 3, 4), "aten.softmax.*dim = 1"),
    "embedding": (nn.Embedding(5, 4), torch.tensor([1, 3]), "aten.embedding"),
    "max pool": (nn.MaxPool2d(2), torch.randn(1, 2, 4, 4), "aten.max_pool2d.*kernel_size"),
    "average pool": (
        nn.AvgPool2d(2),
        torch.randn(1, 2, 4, 4),
        "aten.avg_pool2d.*count_include_pad",
    ),
    "resize": (
        nn.Upsample(size=(8, 6), mode="bilinear"),
        torch.randn(1, 2, 4, 3),
        "aten.upsample_bilinear2d.*align_corners = false",
    ),
    "resize to the nearest": (
        nn.Upsample(size=(8, 6), mode="nearest"),
        torch.randn(1, 2, 4, 3),
        "aten.upsample_nearest2d",
    ),
}


@pytest.mark.parametrize("name", ATEN)
def test_ops_of_torch_are_composites_too(name: str, tmp_path: Path) -> None:
    module, x, pattern = ATEN[name]
    module.eval()
    program = capture("main", module, (x,), {}, kept=supported_ops())
    lowered = lower([program], mlir.make_context())
    with mlir.use(lowered.context):
        assert re.search(rf'stablehlo.composite "{pattern}', str(lowered))
    model = litewright.convert(module, (x,))
    key = program.inputs[0].name
    assert_agrees(model, module, {key: x}, tmp_path, kind="float32 transcendental")
