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

    Attributes:
        config: what models ask for.
        is_complex: whether cosines and sines are handed out as the parts of complex numbers (Llama 4).
    """

    def __init__(self, tables: Mapping[str, Tensor], config: Any, *, is_complex: bool) -> None:
        """Takes tables [S, 2 H] by type of layer, or one under the empty name."""
        super().__init__()
        self.config = config
        self.is_complex = is_complex
        for layer_type, table in tables.items():
            self.register_buffer(_name(layer_type), table, persistent=False)

    def forward(
        self, x: Tensor, position_ids: Tensor, layer_type: str = ""
    ) -> tuple[Tensor, Tensor] | Tensor:
        """Position ids [B, T] -> cosines and sines, [B, T, H] each, of x's dtype; or complex64 [B, T, H].

        Models that see have [3, B, T], for time, height and width: of text all three are its positions.
        """
        if position_ids.ndim == 3:
            position_ids = position_ids[0]
        cos, sin = F.embedding(position_ids, self.get_buffer(_name(layer_type))).chunk(2, -1)
        if self.is_complex:
            return torch.complex(cos, sin)
        return cos.to(x.dtype), sin.to(x.dtype)


def read_from_tables(model: nn.Module, cache_length: int) -> dict[str, nn.Module]:
    """Puts tables in the place of all rotary embeddings of a model, and returns what was there, by name."""
    called: Any = model
    text = called.config.get_text_config(decoder=True)
    layer_types = sorted(set(getattr(text, "layer_types", None) or []))
    modules: list[tuple[str, nn.Module]] = list(called.named_modules())
    replaced: dict[str, nn.Module] = {}
    for name, module in modules:
        table = _table_of(module, cache_length, layer_types) if _is_rotary(module) else None
        if table is not None:
            replaced[name] = module
            model.set_submodule(name, table)
    return replaced


def _is_rotary(module: nn.Module) -> bool:
    """Whether a module makes cosines and sines of positions alone."""
    if not type(module).__name__.endswith("RotaryEmbedding"):
        return False
    parameters = list(inspect.signature(module.forward).parameters)
    return parameters[:2] == ["x", "position_ids"] and parameters[2:] in ([], ["layer_type"])


def _table_of(rotary: Any, cache_length: int, layer_types: list[str]) -> RotaryTable | None:
    """What stands for a rotary embedding; None if it makes neither cosines and sines nor complex numbers."""
    takes_type = "layer_type" in inspect.signature(rotary.forward).parameters
    # Layers of some types may have no positions.
    kinds = (
        rotary.rope_type if isinstance(getattr(rotary, "rope_type", None), Mapping) else layer_types
    )
    positions = torch.arange(cache_length)[None]
    tables: dict[str, Tensor] = {}
    is_complex = False
    for kind in sorted(kinds) if takes_type else [""]:
        given = {"layer_type": kind} if takes_type else {}
        with torch.no_grad():
            made: Any = rotary(torch.zeros(1), positions, **given)
        is_complex = isinstance(made, Tensor) and made.is_complex()
        if is_complex:
            made = (made.real, made.imag)
        if not isinstance(made, tuple):
            return None
        tables[kind] = torch.cat([each[0] for each in cast("tuple[Tensor, Tensor]", made)], -1)
    if not tables:
        return None
    return RotaryTable(tables, getattr(rotary, "config", None), is_complex=is_complex)


def _name(layer_type: str) -> str:
    return f"{layer_type}_table" if layer_type else "table"
