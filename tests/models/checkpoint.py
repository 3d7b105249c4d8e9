"""Checkpoints on disk with random weights, written tensor by tensor.

`safetensors` wants every tensor of a file in memory at once; a test that measures peak memory, or a
machine smaller than the model, does not. The format is simple: the length of a JSON header, the
header, the bytes.
"""

import json
import math
from pathlib import Path

import torch

from tests.models.decoder_config import DecoderConfig

_DTYPES = {torch.bfloat16: "BF16", torch.float16: "F16", torch.float32: "F32"}


def _header(config: DecoderConfig, dtype: torch.dtype) -> bytes:
    entries: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, shape in config.parameter_shapes():
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
    folder: Path, config: DecoderConfig, dtype: torch.dtype = torch.bfloat16, seed: int = 0
) -> Path:
    """Write `config.json` and `model.safetensors` into `folder`, and return `folder`.

    Equal arguments give equal bytes; the memory needed is the largest tensor's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config.to_hugging_face(), indent=2))
    generator = torch.Generator().manual_seed(seed)
    header = _header(config, dtype)
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little"))
        file.write(header)
        for _, shape in config.parameter_shapes():
            tensor = _random_tensor(shape, dtype, generator)
            file.write(tensor.view(torch.uint8).numpy().data)
    return folder
