"""A folder of a Stable Diffusion pipeline to three .tflite files, each compared with PyTorch."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
import torch
from torch import Tensor, nn

import litewright

from ..huggingface.at_hand import parameters_at_hand
from ..huggingface.eager import run_eagerly
from ..huggingface.library import AutoTokenizer, auto_class
from ..huggingface.loading import (
    Checkpoint,
    model_without_values,
    parameters_on_meta,
    with_values,
)
from ..huggingface.output import check_folder
from ..huggingface.weights import Source
from .library import AutoencoderKL, UNet2DConditionModel, scheduler_class
from .parts import Decoder, Denoiser, TextEncoder

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

INDEX, SCHEDULER, TOKENIZER = "model_index.json", "scheduler_config.json", "tokenizer.json"
PARTS = ("text_encoder", "unet", "vae_decoder")
"""The files, without their ending."""

TOLERANCE = 1e-3
"""How far float32 results may be off, relative to the largest number of the reference."""

_PIPELINES = ("StableDiffusionPipeline",)
# Of a U-Net: what asks for inputs beside the usual ones.
_OTHER_INPUTS = ("addition_embed_type", "class_embed_type", "time_cond_proj_dim", "encoder_hid_dim")
# Names that attention had in older checkpoints.
_RENAMED = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}


@dataclass(frozen=True, slots=True)
class Part:
    """One of the three models.

    Attributes:
        name: of its file.
        path: its file.
        error: the largest difference from PyTorch, relative to the largest magnitude; None if not compared.
    """

    name: str
    path: Path
    error: float | None


def export_diffusion(
    folder: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    size: tuple[int, int] | None = None,
    proof: bool = True,
    **options: Any,
) -> tuple[Part, ...]:
    """Converts a pipeline, compares each model with PyTorch, and writes a folder: whole, or none.

    The folder holds `text_encoder.tflite` (`input_ids` int32 [1, T] to `states`), `unet.tflite` (`sample`
    float32 [2, C, h, w], `timestep` float32 [2] and `states` [2, T, W] to `noise`; first without the prompt, then
    with it), `vae_decoder.tflite` (`latents` float32 [1, C, h, w] to `image` [1, H, W, 3], 0 to 1), and what
    `ImageGenerator` wants to know beside them. Only one tensor at a time is in memory.

    Args:
        folder: of a `StableDiffusionPipeline` of diffusers.
        output: a folder, which must not exist or be empty.
        size: H and W in pixels; without, what the U-Net was trained for.
        proof: whether to compare with PyTorch.
        options: those of `litewright.convert`.

    Raises:
        UserError: the folder or the size cannot be used, or a model does not say what PyTorch says.
        FormatError: a file of tensors is damaged.
        UnsupportedError: a model holds ops that cannot be lowered.
        WriteError: the files cannot be written.
    """
    root, target = Path(folder), Path(output)
    index = _index(root)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise litewright.UserError(f"{target} exists: name a folder that is new or empty")
    check_folder(target)
    opened = _open(root)
    samples = _samples(opened, size)
    made: list[Part] = []
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".litewright-") as work:
        built = Path(work, "built")
        built.mkdir()
        for name in PARTS:
            path = built / f"{name}.tflite"
            error = _convert(opened[name], samples[name], path, options, proof=proof)
            made.append(Part(name, target / path.name, error))
        _write_others(root, index, built)
        with contextlib.suppress(FileNotFoundError):
            target.rmdir()
        built.replace(target)
    return tuple(made)


def _convert(
    opened: Checkpoint,
    samples: Mapping[str, Tensor],
    path: Path,
    options: Mapping[str, Any],
    *,
    proof: bool,
) -> float | None:
    converter: Any = litewright.signature(path.stem, opened.model, (), samples)
    edge = converter.convert(weights=opened.weights, **options)
    edge.export(path, progress=options.get("progress"))
    if not proof:
        return None
    with parameters_at_hand(opened):
        (expected,) = run_eagerly(opened.model, **samples).values()
    inputs = {name: each.numpy() for name, each in samples.items()}
    (actual,) = litewright.Session(path).run(inputs, path.stem).values()
    error = float(np.abs(actual - expected.numpy()).max() / np.abs(expected.numpy()).max())
    if not np.isfinite(error) or (error > TOLERANCE and not options.get("quant_config")):
        raise litewright.UserError(
            f"{path.stem} is off by {error:.1e} from PyTorch's (allowed: {TOLERANCE:.0e})"
        )
    return error


def _index(root: Path) -> dict[str, Any]:
    file = root / INDEX
    if not file.is_file():
        raise litewright.UserError(f"{root}: no pipeline here: there is no {INDEX}")
    index = _json(file)
    kind = index.get("_class_name")
    if kind not in _PIPELINES:
        known = ", ".join(_PIPELINES)
        raise litewright.UserError(
            f"{file}: pipelines of class {kind} are not known here, only {known}"
        )
    absent = [name for name in ("text_encoder", "unet", "vae") if not (root / name).is_dir()]
    if absent:
        raise litewright.UserError(f"{root}: there is no folder {', '.join(absent)}")
    return index


def _open(root: Path) -> dict[str, Checkpoint]:
    """The three models, none of their tensors read."""
    kinds = auto_class("AutoModelForTextEncoding"), auto_class("AutoModel")
    text = root / "text_encoder"
    unet = _diffusers_model(UNet2DConditionModel, root / "unet")
    other = [name for name in _OTHER_INPUTS if getattr(unet.config, name, None) is not None]
    if other:
        raise litewright.UserError(
            f"{root / 'unet'}: U-Nets with {', '.join(other)} are not known here"
        )
    vae = _diffusers_model(AutoencoderKL, root / "vae", unused=("encoder.", "quant_conv."))
    return {
        "text_encoder": _wrapped(TextEncoder, with_values(model_without_values(text, kinds), text)),
        "unet": _wrapped(Denoiser, unet),
        "vae_decoder": _wrapped(Decoder, vae),
    }


def _wrapped(kind: Any, opened: Checkpoint) -> Checkpoint:
    module: nn.Module = kind(opened.model).eval().requires_grad_(False)
    weights = {f"model.{name}": source for name, source in opened.weights.items()}
    return Checkpoint(opened.folder, module, weights)


def _diffusers_model(kind: Any, root: Path, unused: tuple[str, ...] = ()) -> Checkpoint:
    try:
        config = kind.load_config(root, local_files_only=True)
        with parameters_on_meta():
            model: nn.Module = kind.from_config(config)
    except (ValueError, KeyError, OSError, TypeError) as error:
        raise litewright.UserError(f"{root}: diffusers cannot build the model: {error}") from error
    stored = _stored(root)
    wanted = {name: tuple(each.shape) for name, each in model.named_parameters()}
    weights = {name if name in wanted else _renamed(name): each for name, each in stored.items()}
    problems = [
        f"{name} is missing" if name not in weights else f"{name} is not {list(shape)}"
        for name, shape in wanted.items()
        if not name.startswith(unused)
        and (name not in weights or tuple(weights[name].shape) != shape)
    ]
    if problems:
        told = [f"{root}: the checkpoint does not fit its config.json:", *problems[:8]]
        raise litewright.UserError("\n  ".join(told))
    return Checkpoint(root, model, {name: weights[name] for name in wanted if name in weights})


def _stored(root: Path) -> dict[str, Source]:
    found = sorted(root.glob("diffusion_pytorch_model*.safetensors"))
    files = [each for each in found if ".fp16" not in each.name] or found
    if not files:
        raise litewright.UserError(f"{root}: there is no diffusion_pytorch_model.safetensors")
    tensors: dict[str, Source] = {}
    for file in files:
        tensors.update(litewright.open_checkpoint(file))
    return tensors


def _renamed(name: str) -> str:
    parts = name.split(".")
    if len(parts) > 1 and "attentions" in parts:
        parts[-2] = _RENAMED.get(parts[-2], parts[-2])
    return ".".join(parts)


def _samples(
    opened: Mapping[str, Checkpoint], size: tuple[int, int] | None
) -> dict[str, dict[str, Tensor]]:
    """Random inputs of each model."""
    text, unet, vae = (_config(opened[name]) for name in PARTS)
    scale = 2 ** (len(vae.block_out_channels) - 1)
    trained = unet.sample_size
    if size is None:
        latent = (trained, trained) if isinstance(trained, int) else tuple(trained)
    else:
        step = scale * 2 ** (len(unet.block_out_channels) - 1)
        if min(size) < 1 or any(pixels % step for pixels in size):
            raise litewright.UserError(
                f"images of {size[0]} x {size[1]}: sides must be multiples of {step}"
            )
        latent = size[0] // scale, size[1] // scale
    random = torch.Generator().manual_seed(0)
    ids = torch.randint(0, text.vocab_size, (1, text.max_position_embeddings), generator=random)
    states = torch.randn(2, ids.shape[1], unet.cross_attention_dim, generator=random)
    shape = unet.in_channels, *latent
    return {
        "text_encoder": {"input_ids": ids.to(torch.int32)},
        "unet": {
            "sample": torch.randn(2, *shape, generator=random),
            "timestep": torch.full((2,), 501.0),
            "states": states,
        },
        "vae_decoder": {"latents": torch.randn(1, *shape, generator=random)},
    }


def _config(opened: Checkpoint) -> Any:
    wrapped: Any = opened.model
    return wrapped.model.config


def _write_others(root: Path, index: Mapping[str, Any], target: Path) -> None:
    """What is beside the models: how text becomes tokens, and how noise becomes less."""
    scheduler = root / "scheduler" / SCHEDULER
    name = str((index.get("scheduler") or ["", ""])[1])
    if not scheduler.is_file() or scheduler_class(name) is None:
        raise litewright.UserError(f"{root}: no scheduler that diffusers knows: {name or 'none'}")
    told = {**_json(scheduler), "_class_name": name}
    (target / SCHEDULER).write_text(json.dumps(told, indent=2), "utf-8")
    tokenizer = root / "tokenizer"
    if (tokenizer / TOKENIZER).is_file():
        shutil.copyfile(tokenizer / TOKENIZER, target / TOKENIZER)
        return
    try:
        loaded = AutoTokenizer.from_pretrained(tokenizer, local_files_only=True)
        loaded.backend_tokenizer.save(str(target / TOKENIZER))
    except (ValueError, OSError, KeyError, AttributeError) as error:
        raise litewright.UserError(f"{tokenizer}: transformers cannot load it: {error}") from error


def _json(file: Path) -> dict[str, Any]:
    try:
        told: Any = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise litewright.UserError(f"{file}: no JSON: {error}") from error
    return cast("dict[str, Any]", told) if isinstance(told, dict) else {}
