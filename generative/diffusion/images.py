"""Prompts in, images out: the loop of a latent diffusion pipeline, on LiteRT or on anything else that computes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch

import litewright

from ..generation.tokens import cut_to, read_tokenizer
from .export import PARTS, SCHEDULER, TOKENIZER
from .library import scheduler_class

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Compute: TypeAlias = Callable[[dict[str, Array]], Array]
"""A model: inputs by name to its one result."""

_END = "<|endoftext|>"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Three models and a scheduler.

    Attributes:
        text_encoder: `input_ids` to states.
        unet: `sample`, `timestep` and `states` to noise.
        vae_decoder: `latents` to an image.
        scheduler: of diffusers.
    """

    text_encoder: Compute
    unet: Compute
    vae_decoder: Compute
    scheduler: Any

    def run(self, ids: Array, latents: Array, *, steps: int, guidance: float) -> Array:
        """Noise to an image.

        Args:
            ids: int32 [2, T], tokens of what the image should not be like, and of what it should.
            latents: float32 [1, C, h, w], normal noise.
            steps: how often the U-Net runs.
            guidance: how far noise is moved away from the one prompt, towards the other (Ho and Salimans, 2022).

        Returns:
            float32 [H, W, 3], 0 to 1.
        """
        states = np.concatenate([self.text_encoder({"input_ids": row[None]}) for row in ids])
        scheduler = self.scheduler
        scheduler.set_timesteps(steps)
        sample = torch.as_tensor(latents) * scheduler.init_noise_sigma
        for time in scheduler.timesteps:
            scaled = scheduler.scale_model_input(sample, time).numpy().astype(np.float32)
            inputs = {
                "sample": np.concatenate([scaled, scaled]),
                "timestep": np.full(2, float(time), np.float32),
                "states": states,
            }
            without, with_prompt = np.split(self.unet(inputs), 2)
            noise = without + np.float32(guidance) * (with_prompt - without)
            sample = scheduler.step(torch.as_tensor(noise), time, sample).prev_sample
        return self.vae_decoder({"latents": sample.numpy().astype(np.float32)})[0]


class ImageGenerator:
    """A pipeline on LiteRT that reads prompts.

    Attributes:
        tokenizer: of the package `tokenizers`.
        size: height and width of images, in pixels.
        pipeline: its three models, and the scheduler, which may be replaced by another one of diffusers.
    """

    def __init__(self, folder: str | os.PathLike[str], *, threads: int | None = None) -> None:
        """Loads a pipeline.

        Args:
            folder: as `export_diffusion` writes it.
            threads: of the kernels and the delegate; as `litewright.Session` has it.

        Raises:
            UserError: the folder holds no such pipeline.
            FormatError: LiteRT does not accept a model, or the tokenizer is damaged.
        """
        root = Path(folder)
        wanted = [*(f"{name}.tflite" for name in PARTS), SCHEDULER, TOKENIZER]
        absent = [name for name in wanted if not (root / name).is_file()]
        if absent:
            raise litewright.UserError(
                f"{root}: no exported pipeline: there is no {', '.join(absent)}"
            )
        file = root / TOKENIZER
        self.tokenizer = read_tokenizer(file.read_text("utf-8"), file)
        sessions = {
            name: litewright.Session(root / f"{name}.tflite", threads=threads) for name in PARTS
        }
        self._length = _shape(sessions["text_encoder"], "text_encoder", "input_ids")[1]
        self._latents = _shape(sessions["vae_decoder"], "vae_decoder", "latents")
        (image,) = sessions["vae_decoder"].signatures["vae_decoder"].outputs
        self.size = image.shape[1], image.shape[2]
        cut_to(self.tokenizer, self._length)
        told: Any = json.loads((root / SCHEDULER).read_text("utf-8"))
        kind = scheduler_class(str(told.get("_class_name")))
        if kind is None:
            raise litewright.UserError(f"{root / SCHEDULER}: no scheduler that diffusers knows")
        models = {name: _computing(session, name) for name, session in sessions.items()}
        self.pipeline = Pipeline(**models, scheduler=kind.from_config(told))

    def generate(
        self,
        prompt: str,
        *,
        negative: str = "",
        steps: int = 20,
        guidance: float = 7.5,
        seed: int = 0,
    ) -> Array:
        """An image of a prompt.

        Args:
            prompt: what it should be like.
            negative: what it should not be like.
            steps: how often the U-Net runs.
            guidance: how much more it should be like the one than like the other; 1 leaves `negative` out.
            seed: equal seeds make equal images.

        Returns:
            uint8 [H, W, 3].

        Raises:
            UserError: `steps` is not positive.
        """
        if steps < 1:
            raise litewright.UserError(f"an image takes one step at least, not {steps}")
        ids = np.stack([self.tokens(negative), self.tokens(prompt)])
        image = self.pipeline.run(ids, self.noise(seed), steps=steps, guidance=guidance)
        return np.round(image * 255).astype(np.uint8)

    def noise(self, seed: int) -> Array:
        """What an image is made of, float32 [1, C, h, w]; normal numbers, equal for equal seeds."""
        return np.random.default_rng(seed).standard_normal(self._latents, np.float32)

    def tokens(self, prompt: str) -> Array:
        """A prompt as the text encoder takes it, int32 [T]: cut, and filled up with tokens of its end."""
        ids: list[int] = self.tokenizer.encode(prompt).ids
        end = self.tokenizer.token_to_id(_END)
        filled = np.full(self._length, ids[-1] if end is None and ids else end or 0, np.int32)
        filled[: len(ids)] = ids
        return filled


def _shape(session: litewright.Session, signature: str, name: str) -> tuple[int, ...]:
    (found,) = [each for each in session.signatures[signature].inputs if each.name == name]
    return found.shape


def _computing(session: litewright.Session, name: str) -> Compute:
    def compute(inputs: dict[str, Array]) -> Array:
        (made,) = session.run(inputs, name).values()
        return made

    return compute
