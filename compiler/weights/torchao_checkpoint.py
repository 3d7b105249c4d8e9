"""Tensors that torchao has quantised, in safetensors files.

Instead of a tensor `m.weight` there are its parts, `m._weight_qdata`, `m._weight_scale`, ...; and the header's
metadata holds, under the name `m.weight`, a JSON text with the class of the tensor, its attributes and the
names of its parts.

Source: torchao/prototype/safetensors/safetensors_support.py (`flatten_tensor_state_dict`).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import torch

from ..diagnostics import FormatError, UserError
from .affine import Affine, AffineSource, nibbles
from .store import TensorSource
from .torch_source import tensor_of_array

_NIBBLES = "Int4Tensor"
_PLAIN = ("Int8Tensor", "IntxUnpackedToInt8Tensor", "Float8Tensor")
_BITS = "target_dtype"


def with_quantized(
    tensors: Mapping[str, TensorSource], metadata: Mapping[str, str]
) -> dict[str, TensorSource]:
    """The tensors of a checkpoint with `m.weight` for the parts of each that torchao has quantised.

    Args:
        tensors: of all files, by name.
        metadata: of the headers of all files.

    Raises:
        UserError: a class of tensors that cannot be read.
        FormatError: parts are missing, or do not fit each other.
    """
    found = dict(tensors)
    for name, text in metadata.items():
        entry = _entry(text)
        if entry is None:
            continue
        owner, _, label = name.rpartition(".")
        prefix = f"{owner}._{label}_" if owner else f"_{label}_"
        parts: dict[str, TensorSource] = {}
        for part in entry.get("_tensor_data_names", ()):
            if prefix + part not in found:
                raise FormatError(
                    f"{name}: torchao has stored it in parts, and {prefix}{part} is missing"
                )
            parts[part] = found.pop(prefix + part)
        found[name] = AffineSource(_affine(name, entry["_type"], entry["_data"], parts))
    return found


def _entry(text: str) -> dict[str, Any] | None:
    """What the metadata says of a tensor; None for any other text."""
    try:
        entry: Any = json.loads(text)
    except ValueError:
        return None
    is_tensor = isinstance(entry, dict) and "_type" in entry and "_data" in entry
    return cast("dict[str, Any]", entry) if is_tensor else None


def _affine(
    name: str, kind: str, attributes: Mapping[str, Any], parts: dict[str, TensorSource]
) -> Affine:
    if kind not in (_NIBBLES, *_PLAIN):
        raise UserError(
            f"{name}: a {kind} of torchao cannot be read; {', '.join((*_PLAIN, _NIBBLES))} can"
        )
    if "act_pre_scale" in parts:
        parts["columns"] = parts.pop("act_pre_scale")
    block = tuple(attributes["block_size"])
    shape = tuple(parts["qdata"].shape)
    if kind == _NIBBLES:
        shape = (*shape[:-1], 2 * shape[-1])
        parts["shift"] = parts.pop("zero_point")
    blocks = [n // b for n, b in zip(shape, block, strict=True)]
    if int(np.prod(blocks)) != int(np.prod(parts["scale"].shape)):
        raise FormatError(
            f"{name}: {list(parts['scale'].shape)} scales do not fit {list(shape)} in blocks of {list(block)}"
        )
    parts["integers"] = parts.pop("qdata")
    is_turned = ("scale", "shift") if kind == _NIBBLES else ()
    read = {
        part: functools.partial(_read, source, turned=part in is_turned)
        for part, source in parts.items()
    }
    if kind == _NIBBLES:
        read["integers"] = functools.partial(_read_nibbles, parts["integers"])
        return Affine(shape, block, read, torch.int8, (-8, 7))
    element = tensor_of_array(np.zeros(0, parts["integers"].dtype)).dtype
    return Affine(shape, block, read, element, _bounds(attributes))


def _bounds(attributes: Mapping[str, Any]) -> tuple[int, int] | None:
    """What fewer than 8 bits can hold: `int4` -> (-8, 7)."""
    kind: Any = attributes.get(_BITS) or {}
    text = str(kind.get("_data", ""))
    bits = int(text.removeprefix("int")) if text.removeprefix("int").isdigit() else 8
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if bits < 8 else None


def _read(source: TensorSource, *, turned: bool) -> torch.Tensor:
    tensor = tensor_of_array(source.read())
    return tensor.transpose(-1, -2) if turned else tensor


def _read_nibbles(source: TensorSource) -> torch.Tensor:
    return nibbles(tensor_of_array(source.read()))
