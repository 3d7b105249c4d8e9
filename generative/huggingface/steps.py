"""A causal language model of transformers as the modules that are captured: prefill and decode."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import functional_call

from ..layers.ring_cache import Ring
from .attention import step_mask
from .cache import KEY, VALUE, StepCache
from .library import DynamicCache


class Step(nn.Module):
    """One signature: tokens at positions, over caches that are inputs and outputs.

    It has the model's own submodules, so that its parameters keep their names, and with them the names
    of tensors in the file.

    Attributes:
        with_logits: whether logits are a result. Without, nothing is computed that no cache needs.
        ring_length: slots of the caches of layers with a sliding window; 0 if they are as all others.
    """

    def __init__(self, model: nn.Module, *, with_logits: bool, ring_length: int = 0) -> None:
        super().__init__()
        self._modules = model._modules
        self._parameters = model._parameters
        self._buffers = model._buffers
        # Not a submodule: it would double every name.
        object.__setattr__(self, "_model", model)
        self.with_logits = with_logits
        self.ring_length = ring_length
        self.eval()

    def forward(
        self, tokens: Tensor, input_pos: Tensor, mask: Tensor, **kv_cache: Tensor
    ) -> dict[str, Tensor]:
        """tokens [1, T] and input_pos [T] int32, mask [1, 1, T, S] added to scores -> logits, caches."""
        model: Any = self._model
        ring = Ring.of(self.ring_length, input_pos) if self.ring_length else None
        cache = StepCache(kv_cache, input_pos, ring)
        # For models that count positions of keys by it (ALiBi). No mask is made of it.
        keys = torch.ones(1, mask.shape[-1], dtype=torch.int64)
        with step_mask(mask, ring):
            made = model(
                input_ids=tokens,
                attention_mask=keys,
                position_ids=input_pos[None],
                past_key_values=cache,
                use_cache=True,
                return_dict=True,
            )
        updated = cache.tensors()
        return {"logits": made.logits, **updated} if self.with_logits else updated


@dataclass(frozen=True, slots=True)
class CacheShape:
    """What a layer keeps of each position.

    Attributes:
        heads: of keys and values.
        key_width: of a head.
        value_width: of a head.
        window: positions that the layer looks back, the present one included; 0 if all.
    """

    heads: int
    key_width: int
    value_width: int
    window: int


def sample_inputs(
    model: nn.Module, length: int, cache_length: int, ring_length: int = 0
) -> dict[str, Tensor]:
    """Inputs of a step of `length` tokens, over caches of the shapes that the model writes.

    Caches are on the meta device: those of a conversation of a large model are gigabytes.
    """
    inputs = {
        "tokens": torch.zeros(1, length, dtype=torch.int32),
        "input_pos": torch.arange(length, dtype=torch.int32),
        "mask": torch.zeros(1, 1, length, cache_length),
    }
    for index, each in enumerate(cache_shapes(model)):
        slots = ring_length if ring_length and each.window else cache_length
        shapes = (each.heads, slots, each.key_width), (each.heads, each.value_width, slots)
        for name, shape in zip((KEY, VALUE), shapes, strict=True):
            inputs[name.format(index)] = torch.empty(1, *shape, device="meta")
    return inputs


def with_empty_caches(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Samples with values: caches, which are on the meta device, as zeros."""
    return {
        name: torch.zeros_like(each, device="cpu") if each.is_meta else each
        for name, each in inputs.items()
    }


def cache_shapes(model: nn.Module) -> list[CacheShape]:
    """What each layer keeps, from a dry run without numbers.

    Where the model's code fails, no more than what came before is known. That is enough: capturing it fails in the
    same place, and tells the line.
    """
    called: Any = model
    try:
        cache = _dry_run(model, None)
    except Exception:  # noqa: BLE001 (it may be anything)
        cache = DynamicCache(config=called.config)
        with contextlib.suppress(Exception):
            _dry_run(model, cache)
    return [_shape_of(each) for each in cache.layers]


def _shape_of(layer: Any) -> CacheShape:
    if not layer.is_initialized:
        return CacheShape(1, 1, 1, 0)
    window = layer.sliding_window if layer.is_sliding else 0
    return CacheShape(layer.keys.shape[1], layer.keys.shape[3], layer.values.shape[3], window)


def _dry_run(model: nn.Module, cache: Any) -> Any:
    """The cache of one token; the model makes one if none is given."""
    token = torch.zeros(1, 1, dtype=torch.int64)
    inputs: dict[str, Any] = {"input_ids": token, "use_cache": True}
    if cache is not None:
        inputs["past_key_values"] = cache
    with FakeTensorMode(allow_non_fake_inputs=True), step_mask(torch.zeros(1, 1, 1, 1)):
        # Parameters may be on the meta device, buffers are not.
        parameters = {
            name: torch.empty(parameter.shape, dtype=parameter.dtype)
            for name, parameter in model.named_parameters()
        }
        made: Any = functional_call(model, parameters, (), inputs)
    return made.past_key_values
