"""Checkpoints on disk with random weights, written tensor by tensor.

`safetensors` wants every tensor of a file in memory at once; a test that measures peak memory, or a
machine smaller than the model, does not. The format is simple: the length of a JSON header, the
header, the bytes.
"""

import json
import math
from pathlib import Path
from typing import TypeAlias

import torch

from tests.models.decoder_config import DecoderConfig

Shapes: TypeAlias = list[tuple[str, tuple[int, ...]]]

_DTYPES = {torch.bfloat16: "BF16", torch.float16: "F16", torch.float32: "F32"}


def _header(shapes: Shapes, dtype: torch.dtype) -> bytes:
    entries: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, shape in shapes:
        size = math.prod(shape) * dtype.itemsize
        entries[name] = {
            "dtype": _DTYPES[dtype],
            "shape": list(shape),
            "data_offsets": [offset, offset + size],
        }
        offset += size
    text = json.dumps(entries).encode()
    return text + b" " * (-len(text) % 8)


def _random_tensor(
    shape: tuple[int, ...], dtype: torch.dtype, generator: torch.Generator
) -> torch.Tensor:
    """Norms around 1; matrices such that activations neither vanish nor explode."""
    if len(shape) == 1:
        return torch.empty(shape).uniform_(0.5, 1.5, generator=generator).to(dtype)
    scale = shape[-1] ** -0.5
    return torch.empty(shape).normal_(0.0, scale, generator=generator).to(dtype)


def write_random_checkpoint(
    folder: Path,
    config: DecoderConfig,
    dtype: torch.dtype = torch.bfloat16,
    seed: int = 0,
    *,
    shard_bytes: int | None = None,
) -> Path:
    """Write `config.json` and safetensors files into `folder`, and return `folder`.

    Equal arguments give equal bytes; the memory needed is the largest tensor's.

    Args:
        folder: is made if it is not there.
        config: the sizes.
        dtype: of all tensors.
        seed: of the random numbers.
        shard_bytes: how large a file may become; one `model.safetensors` of any size if not said, else
            shards and `model.safetensors.index.json`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config.to_hugging_face(), indent=2))
    generator = torch.Generator().manual_seed(seed)
    shapes = list(config.parameter_shapes())
    if shard_bytes is None:
        _write_file(folder / "model.safetensors", shapes, dtype, generator)
        return folder
    shards = _sharded(shapes, dtype, shard_bytes)
    places: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        _write_file(folder / name, shard, dtype, generator)
        places.update(dict.fromkeys((tensor for tensor, _ in shard), name))
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2))
    return folder


def _sharded(shapes: Shapes, dtype: torch.dtype, limit: int) -> list[Shapes]:
    shards: list[Shapes] = [[]]
    filled = 0
    for name, shape in shapes:
        size = math.prod(shape) * dtype.itemsize
        if shards[-1] and filled + size > limit:
            shards.append([])
            filled = 0
        shards[-1].append((name, shape))
        filled += size
    return shards


def _write_file(path: Path, shapes: Shapes, dtype: torch.dtype, generator: torch.Generator) -> None:
    header = _header(shapes, dtype)
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little"))
        file.write(header)
        for _, shape in shapes:
            tensor = _random_tensor(shape, dtype, generator)
            file.write(tensor.view(torch.uint8).numpy().data)
