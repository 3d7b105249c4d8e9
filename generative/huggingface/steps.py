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

import litewright

from ..layers.ring_cache import Ring
from .attention import step_mask
from .cache import KEY, VALUE, StepCache
from .descriptions import reason
from .eager import place_of
from .library import DummyLayer, DynamicCache


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
    for index, each in cache_shapes(model).items():
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


def cache_shapes(model: nn.Module) -> dict[int, CacheShape]:
    """What layers keep, by their numbers, from a dry run without numbers.

    Layers that read what another one keeps, as the last ones of Gemma 4 do, are not among them. Where the model's code
    fails behind the last layer, it is known all the same: capturing it fails in the same place, and tells the line.

    Raises:
        UserError: the model keeps something other than keys and values, or nothing, or fails before it does.
    """
    called: Any = model
    failure: Exception | None = None
    try:
        cache = _dry_run(model, None)
    except Exception as error:  # noqa: BLE001 (it may be anything)
        failure = error
        cache = DynamicCache(config=called.config)
        with contextlib.suppress(Exception):
            _dry_run(model, cache)
    layers: list[Any] | None = getattr(cache, "layers", None)
    if layers is None:
        raise litewright.UserError(
            f"{type(model).__name__} keeps no keys and values of what it has read, so it cannot decode. State spaces "
            "are not known; models that read a text at once are exported as encoders, for a task of theirs"
        )
    if failure is not None and not all(getattr(each, "is_initialized", True) for each in layers):
        raise litewright.UserError(
            f"{type(model).__name__} cannot be run without numbers, at {place_of(failure, model)}: "
            f"{type(failure).__name__}: {reason(failure)}"
        ) from failure
    shapes = {index: _shape_of(model, each) for index, each in enumerate(layers)}
    kept = {index: each for index, each in shapes.items() if each is not None}
    if not kept:
        raise litewright.UserError(
            f"{type(model).__name__} puts no keys and values into the cache that it makes, so it cannot decode"
        )
    return kept


def _shape_of(model: nn.Module, layer: Any) -> CacheShape | None:
    if not hasattr(layer, "is_initialized"):
        raise litewright.UserError(
            f"{type(model).__name__} has layers that keep no keys and values ({type(layer).__name__}): state spaces "
            "and linear attention cannot be exported for decoding"
        )
    if not layer.is_initialized or isinstance(layer, DummyLayer):
        return None
    window = layer.sliding_window if layer.is_sliding else 0
    return CacheShape(layer.keys.shape[1], layer.keys.shape[3], layer.values.shape[3], window)


def _dry_run(model: nn.Module, cache: Any) -> Any:
    """The cache of one token; the model makes one if none is given."""
    token = torch.zeros(1, 1, dtype=torch.int64)
    # Without a mask, models look whether there are numbers of padding.
    seen = torch.ones_like(token)
    inputs: dict[str, Any] = {"input_ids": token, "attention_mask": seen, "use_cache": True}
    if cache is not None:
        inputs["past_key_values"] = cache
    with FakeTensorMode(allow_non_fake_inputs=True), step_mask(torch.zeros(1, 1, 1, 1)):
        # Parameters may be on the meta device, buffers are not.
        parameters = {
            name: torch.empty(parameter.shape, dtype=parameter.dtype)
            for name, parameter in model.named_parameters()
        }
        made: Any = functional_call(model, parameters, (), inputs)
    return getattr(made, "past_key_values", None)
