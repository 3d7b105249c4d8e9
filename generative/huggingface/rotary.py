"""Rotary embeddings read from a table, instead of computed anew at each step."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class RotaryTable(nn.Module):
    """Cosines and sines of every position of the cache, read by position.

    Stands for a rotary embedding of transformers, and is called as it is. One row is [cos, sin], 2 H wide.
    """

    def __init__(self, tables: Mapping[str, Tensor], config: Any) -> None:
        """Takes tables [S, 2 H] by type of layer, or one under the empty name, and what models ask for."""
        super().__init__()
        self.config = config
        for layer_type, table in tables.items():
            self.register_buffer(_name(layer_type), table, persistent=False)

    def forward(
        self, x: Tensor, position_ids: Tensor, layer_type: str = ""
    ) -> tuple[Tensor, Tensor]:
        """Position ids [B, T] -> cosines and sines, [B, T, H] each, of x's dtype.

        Models that see have [3, B, T], for time, height and width: of text all three are its positions.
        """
        if position_ids.ndim == 3:
            position_ids = position_ids[0]
        cos, sin = F.embedding(position_ids, self.get_buffer(_name(layer_type))).chunk(2, -1)
        return cos.to(x.dtype), sin.to(x.dtype)


def read_from_tables(model: nn.Module, cache_length: int) -> dict[str, nn.Module]:
    """Puts tables in the place of all rotary embeddings of a model, and returns what was there, by name."""
    called: Any = model
    text = called.config.get_text_config(decoder=True)
    layer_types = sorted(set(getattr(text, "layer_types", None) or []))
    modules: list[tuple[str, nn.Module]] = list(called.named_modules())
    replaced: dict[str, nn.Module] = {}
    for name, module in modules:
        tables = _tables(module, cache_length, layer_types) if _is_rotary(module) else {}
        if tables:
            replaced[name] = module
            model.set_submodule(name, RotaryTable(tables, getattr(module, "config", None)))
    return replaced


def _is_rotary(module: nn.Module) -> bool:
    """Whether a module makes cosines and sines of positions alone."""
    if not type(module).__name__.endswith("RotaryEmbedding"):
        return False
    parameters = list(inspect.signature(module.forward).parameters)
    return parameters[:2] == ["x", "position_ids"] and parameters[2:] in ([], ["layer_type"])


def _tables(rotary: Any, cache_length: int, layer_types: list[str]) -> dict[str, Tensor]:
    """Cosines and sines by type of layer; none if the module makes something else, as complex numbers."""
    takes_type = "layer_type" in inspect.signature(rotary.forward).parameters
    # Layers of some types may have no positions.
    kinds = (
        rotary.rope_type if isinstance(getattr(rotary, "rope_type", None), Mapping) else layer_types
    )
    positions = torch.arange(cache_length)[None]
    tables: dict[str, Tensor] = {}
    for kind in sorted(kinds) if takes_type else [""]:
        given = {"layer_type": kind} if takes_type else {}
        with torch.no_grad():
            made = rotary(torch.zeros(1), positions, **given)
        if not isinstance(made, tuple):
            return {}
        tables[kind] = torch.cat([each[0] for each in cast("tuple[Tensor, Tensor]", made)], -1)
    return tables


def _name(layer_type: str) -> str:
    return f"{layer_type}_table" if layer_type else "table"
