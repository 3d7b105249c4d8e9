"""A causal language model of transformers as the modules that are captured: prefill and decode."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import functional_call

from .attention import step_mask
from .cache import KEY, VALUE, StepCache


class Step(nn.Module):
    """One signature: tokens at positions, over caches that are inputs and outputs.

    It has the model's own submodules, so that its parameters keep their names, and with them the names
    of tensors in the file.

    Attributes:
        with_logits: whether logits are a result. Without, nothing is computed that no cache needs.
    """

    def __init__(self, model: nn.Module, *, with_logits: bool) -> None:
        super().__init__()
        self._modules = model._modules
        self._parameters = model._parameters
        self._buffers = model._buffers
        # Not a submodule: it would double every name.
        object.__setattr__(self, "_model", model)
        self.with_logits = with_logits
        self.eval()

    def forward(
        self, tokens: Tensor, input_pos: Tensor, mask: Tensor, **kv_cache: Tensor
    ) -> dict[str, Tensor]:
        """tokens [1, T] and input_pos [T] int32, mask [1, 1, T, S] added to scores -> logits, caches."""
        model: Any = self._model
        cache = StepCache(kv_cache, input_pos)
        # For models that count positions of keys by it (ALiBi). No mask is made of it.
        keys = torch.ones(1, mask.shape[-1], dtype=torch.int64)
        with step_mask(mask):
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


def sample_inputs(model: nn.Module, length: int, cache_length: int) -> dict[str, Tensor]:
    """Inputs of a step of `length` tokens, over empty caches of the shapes that the model writes."""
    inputs = {
        "tokens": torch.zeros(1, length, dtype=torch.int32),
        "input_pos": torch.arange(length, dtype=torch.int32),
        "mask": torch.zeros(1, 1, length, cache_length),
    }
    for index, (heads, key_width, value_width) in enumerate(_cache_shapes(model)):
        inputs[KEY.format(index)] = torch.zeros(1, heads, cache_length, key_width)
        inputs[VALUE.format(index)] = torch.zeros(1, heads, value_width, cache_length)
    return inputs


def _cache_shapes(model: nn.Module) -> list[tuple[int, int, int]]:
    """Key heads and the widths of keys and values by layer, from a dry run without numbers."""
    inputs = {"input_ids": torch.zeros(1, 1, dtype=torch.int64), "use_cache": True}
    with FakeTensorMode(allow_non_fake_inputs=True), step_mask(torch.zeros(1, 1, 1, 1)):
        # Parameters may be on the meta device, buffers are not.
        parameters = {
            name: torch.empty(parameter.shape, dtype=parameter.dtype)
            for name, parameter in model.named_parameters()
        }
        made: Any = functional_call(model, parameters, (), inputs)
    layers = made.past_key_values.layers
    return [(each.keys.shape[1], each.keys.shape[3], each.values.shape[3]) for each in layers]
