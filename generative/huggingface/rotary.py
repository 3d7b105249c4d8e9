"""Rotary embeddings read from a table, instead of computed anew at each step."""

from __future__ import annotations

import inspect
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class RotaryTable(nn.Module):
    """Cosines and sines of every position of the cache, read by position.

    Stands for a rotary embedding of transformers, and is called as it is. One row is [cos, sin], 2 H wide.
    """

    def __init__(self, rotary: nn.Module, cache_length: int, layer_types: list[str]) -> None:
        super().__init__()
        takes_type = "layer_type" in inspect.signature(rotary.forward).parameters
        for layer_type in layer_types if takes_type else [""]:
            given = {"layer_type": layer_type} if takes_type else {}
            table = _table(rotary, cache_length, given)
            self.register_buffer(_name(layer_type), table, persistent=False)

    def forward(
        self, x: Tensor, position_ids: Tensor, layer_type: str = ""
    ) -> tuple[Tensor, Tensor]:
        """Position ids [B, T] -> cosines and sines, [B, T, H] each, of x's dtype."""
        cos, sin = F.embedding(position_ids, self.get_buffer(_name(layer_type))).chunk(2, -1)
        return cos.to(x.dtype), sin.to(x.dtype)


def read_from_tables(model: nn.Module, cache_length: int) -> dict[str, nn.Module]:
    """Puts tables in the place of all rotary embeddings of a model, and returns what was there, by name."""
    called: Any = model
    text = called.config.get_text_config(decoder=True)
    layer_types = sorted(set(getattr(text, "layer_types", None) or []))
    modules: list[tuple[str, nn.Module]] = list(called.named_modules())
    found = {name: module for name, module in modules if _is_rotary(module)}
    for name, module in found.items():
        model.set_submodule(name, RotaryTable(module, cache_length, layer_types))
    return found


def _is_rotary(module: nn.Module) -> bool:
    """Whether a module makes cosines and sines of positions alone."""
    if not type(module).__name__.endswith("RotaryEmbedding"):
        return False
    parameters = list(inspect.signature(module.forward).parameters)
    return parameters[:2] == ["x", "position_ids"] and parameters[2:] in ([], ["layer_type"])


def _table(rotary: nn.Module, cache_length: int, given: dict[str, Any]) -> Tensor:
    positions = torch.arange(cache_length)[None]
    with torch.no_grad():
        cos, sin = rotary(torch.zeros(1), positions, **given)
    return torch.cat([cos[0], sin[0]], -1)


def _name(layer_type: str) -> str:
    return f"{layer_type}_table" if layer_type else "table"
