"""Encoder-decoder models of transformers as the modules that are captured: encode, prefill and decode.

What cross-attention sees of the encoder does not change while text is written, so `encode_T` ends with it: the
keys and values of each of the decoder's layers. The decoder takes them, and never the encoder's own output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import functional_call

import litewright

from .attention import MASKED, source_mask, step_mask
from .cache import KEY, VALUE, StepCache, StepLayer
from .descriptions import reason
from .eager import place_of
from .library import BaseModelOutput, Cache, CacheLayerMixin, EncoderDecoderCache

CROSS_KEY, CROSS_VALUE = "cross_k_{}", "cross_v_{}"
"""What a layer's cross-attention sees: outputs of `encode_T`, inputs of the decoder, under these names."""

CROSS_MASK = "cross_mask"
"""Which of it may be seen, under this name in the same places; there is none if all always is."""

TOKENS, PADDING = "input_ids", "attention_mask"


class CrossLayer(CacheLayerMixin):
    """What a layer's cross-attention sees of the encoder: given, or taken down as it is made."""

    is_compileable = True
    is_sliding = False
    keys: Tensor
    values: Tensor

    def __init__(self, keys: Tensor | None = None, values: Tensor | None = None) -> None:
        """Keys [1, KV, E, H] and values [1, KV, E, H], or neither if they are to be made."""
        super().__init__()
        self.is_initialized = keys is not None and values is not None
        if keys is not None and values is not None:
            self.keys, self.values = keys, values

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Takes them down."""
        self.keys, self.values = key_states, value_states
        self.is_initialized = True

    def update(
        self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Takes down [1, KV, E, H] each, and returns them."""
        self.lazy_initialization(key_states, value_states)
        return key_states, value_states

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Masks cover all of it, or what is about to be made."""
        return self.get_max_length() or query_length, 0

    def get_seq_length(self) -> int:
        """E, or 0 if nothing was made yet: by this the models know whether to make it."""
        return self.keys.shape[2] if self.is_initialized else 0

    def get_max_length(self) -> int:
        """E."""
        return self.get_seq_length()


class CountedLayer(StepLayer):
    """A cache of self-attention that says at which position a step begins."""

    def get_seq_length(self) -> Any:
        """The first position, a tensor: decoders count the positions of tokens from it."""
        return self.input_pos[0]


class CountedCache(StepCache):
    """The caches of self-attention of all layers during one step."""

    layer_type = CountedLayer


@dataclass(frozen=True, slots=True)
class Shapes:
    """Of a decoder's caches.

    Attributes:
        own: key heads and the widths of keys and values of self-attention, by layer.
        cross: the same of cross-attention.
        cross_length: how many positions the encoder makes of its input.
    """

    own: tuple[tuple[int, int, int], ...]
    cross: tuple[tuple[int, int, int], ...]
    cross_length: int


class _Part(nn.Module):
    """A way through a model, with the model's own submodules, so that parameters keep their names."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self._modules = model._modules
        self._parameters = model._parameters
        self._buffers = model._buffers
        # Not a submodule: it would double every name.
        object.__setattr__(self, "_model", model)
        self.eval()


class Encode(_Part):
    """The encoder, and of the decoder what cross-attention sees.

    Attributes:
        shapes: of that; keys and values are padded to its length.
    """

    def __init__(self, model: nn.Module, shapes: Shapes) -> None:
        super().__init__(model)
        self.shapes = shapes

    def forward(self, **inputs: Tensor) -> dict[str, Tensor]:
        """Tokens [1, T] with their padding mask, or features -> keys, values and mask of cross-attention."""
        padding = inputs.get(PADDING)
        mask = None if padding is None else ((1 - padding) * MASKED)[:, None, None]
        layers = _cross_layers(self._model, inputs, mask, len(self.shapes.cross))
        made: dict[str, Tensor] = {}
        length = self.shapes.cross_length
        for index, (keys, values) in enumerate(layers):
            missing = length - keys.shape[2]
            made[CROSS_KEY.format(index)] = F.pad(keys, (0, 0, 0, missing))
            made[CROSS_VALUE.format(index)] = F.pad(values.transpose(2, 3), (0, missing))
        if mask is not None:
            made[CROSS_MASK] = F.pad(mask, (0, length - mask.shape[-1]), value=MASKED)
        return made


def _cross_layers(
    model: Any, inputs: Mapping[str, Tensor], mask: Tensor | None, count: int
) -> list[tuple[Tensor, Tensor]]:
    """Keys and values [1, KV, E, H] of each layer's cross-attention."""
    layers = [CrossLayer() for _ in range(count)]
    own = Cache(layers=[CrossLayer() for _ in layers])
    _one_token(model, inputs, mask, EncoderDecoderCache(own, Cache(layers=list(layers))))
    return [(each.keys, each.values) for each in layers]


class CrossStep(_Part):
    """One signature of the decoder: tokens at positions, over its caches and what the encoder made.

    Attributes:
        with_logits: whether logits are a result. Without, nothing is computed that no cache needs.
    """

    def __init__(self, model: nn.Module, *, with_logits: bool) -> None:
        super().__init__(model)
        self.with_logits = with_logits

    def forward(
        self,
        tokens: Tensor,
        input_pos: Tensor,
        mask: Tensor,
        cross_mask: Tensor | None = None,
        **caches: Tensor,
    ) -> dict[str, Tensor]:
        """tokens [1, T] and input_pos [T] int32, masks added to scores, all caches -> logits, own caches."""
        model: Any = self._model
        layers = len(caches) // 4
        names = [pattern.format(i) for pattern in (KEY, VALUE) for i in range(layers)]
        own = CountedCache({name: caches[name] for name in names}, input_pos)
        cross = [
            CrossLayer(caches[CROSS_KEY.format(i)], caches[CROSS_VALUE.format(i)].transpose(2, 3))
            for i in range(layers)
        ]
        length = cross[0].get_max_length()
        with step_mask(mask), source_mask(cross_mask):
            made = model(
                # Only its length is asked for.
                encoder_outputs=BaseModelOutput(last_hidden_state=torch.zeros(1, length, 1)),
                attention_mask=torch.ones(1, length, dtype=torch.int64),
                decoder_input_ids=tokens,
                decoder_attention_mask=torch.ones(1, mask.shape[-1], dtype=torch.int64),
                past_key_values=EncoderDecoderCache(own, Cache(layers=list(cross))),
                use_cache=True,
                return_dict=True,
            )
        updated = own.tensors()
        return {"logits": made.logits, **updated} if self.with_logits else updated


def shapes_of(model: nn.Module, inputs: Mapping[str, Tensor]) -> Shapes:
    """Shapes of the decoder's caches after an encoder's inputs, from a dry run without numbers.

    Raises:
        UserError: the model's code cannot be run without numbers.
    """
    try:
        caches = _dry_run(model, inputs)
    except Exception as error:  # code of all kinds, with errors of all kinds
        raise litewright.UserError(
            f"{type(model).__name__} cannot be run without numbers, at {place_of(error, model)}: "
            f"{type(error).__name__}: {reason(error)}"
        ) from error
    own, cross = (
        tuple(map(_shape, _filled(each)))
        for each in (caches.self_attention_cache, caches.cross_attention_cache)
    )
    return Shapes(own, cross, caches.cross_attention_cache.layers[0].keys.shape[2])


def _dry_run(model: nn.Module, inputs: Mapping[str, Tensor]) -> Any:
    """The caches after one token, as fake tensors."""
    with FakeTensorMode(allow_non_fake_inputs=True):
        # Parameters may be on the meta device, buffers are not.
        parameters = {
            f"model.{name}": torch.empty(parameter.shape, dtype=parameter.dtype)
            for name, parameter in model.named_parameters()
        }
        return functional_call(_DryRun(model), parameters, (dict(inputs),))


class _DryRun(nn.Module):
    """Both halves of a model, with the caches that it makes itself."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Mapping[str, Tensor]) -> Any:
        """The caches after one token."""
        return _one_token(self.model, inputs, None, None)


def _one_token(model: Any, inputs: Mapping[str, Tensor], mask: Tensor | None, caches: Any) -> Any:
    """Runs the encoder, and the decoder on a token of no matter what; returns its caches."""
    start, seen = torch.zeros(1, 1, dtype=torch.int64), torch.zeros(1, 1, 1, 1)
    with source_mask(mask):
        # Layers of the encoder that see a window see less of the same.
        with step_mask(seen if mask is None else mask):
            encoded = model.get_encoder()(**inputs, return_dict=True)
        with step_mask(seen):
            made = model(
                encoder_outputs=encoded,
                attention_mask=inputs.get(PADDING),
                decoder_input_ids=start,
                decoder_attention_mask=torch.ones_like(start),
                past_key_values=caches,
                use_cache=True,
                return_dict=True,
            )
    return made.past_key_values


def _filled(cache: Cache) -> list[Any]:
    """Layers that have something; transformers may make more of them than the decoder has."""
    return [layer for layer in cache.layers if layer.is_initialized]


def _shape(layer: Any) -> tuple[int, int, int]:
    return layer.keys.shape[1], layer.keys.shape[3], layer.values.shape[3]


def step_inputs(
    shapes: Shapes, length: int, cache_length: int, *, has_mask: bool
) -> dict[str, Tensor]:
    """Inputs of a step of the decoder of `length` tokens, over caches, which are on the meta device."""
    inputs = {
        "tokens": torch.zeros(1, length, dtype=torch.int32),
        "input_pos": torch.arange(length, dtype=torch.int32),
        "mask": torch.zeros(1, 1, length, cache_length),
    }
    if has_mask:
        inputs[CROSS_MASK] = torch.zeros(1, 1, 1, shapes.cross_length)
    kinds = (
        (KEY, VALUE, shapes.own, cache_length),
        (CROSS_KEY, CROSS_VALUE, shapes.cross, shapes.cross_length),
    )
    for key, value, layers, positions in kinds:
        for index, (heads, key_width, value_width) in enumerate(layers):
            shapes_of_layer = (heads, positions, key_width), (heads, value_width, positions)
            for name, shape in zip((key, value), shapes_of_layer, strict=True):
                inputs[name.format(index)] = torch.empty(1, *shape, device="meta")
    return inputs
