"""Exports a pipeline, makes an image on LiteRT and in PyTorch, and compares the two.

`python demo.py PIPELINE` takes a Stable Diffusion folder of diffusers; without it, a small one with random weights
stands for it, whose images mean nothing and are equal all the same.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from PIL import Image
from tiny import write_pipeline

from litewright.compiler.runtime.quiet import hush_exit
from litewright.generative.diffusion.export import export_diffusion
from litewright.generative.diffusion.images import ImageGenerator

PROMPT, SEED, STEPS, GUIDANCE = "a red house by the sea", 3, 8, 7.5
LARGEST_DIFFERENCE = 1


def main(folder: Path | None) -> int:
    hush_exit()
    with tempfile.TemporaryDirectory() as work:
        source = folder or Path(work, "pipeline")
        library: Any = diffusers
        pipeline = (
            write_pipeline(source)
            if folder is None
            else library.StableDiffusionPipeline.from_pretrained(source, torch_dtype=torch.float32)
        )
        for part in export_diffusion(source, Path(work, "exported")):
            size = part.path.stat().st_size / 1e6
            print(f"{part.path.name}: {size:.1f} MB, off from PyTorch by {part.error:.1e}")
        generator = ImageGenerator(Path(work, "exported"))
        made = generator.generate(PROMPT, seed=SEED, steps=STEPS, guidance=GUIDANCE)
    expected = np.round(255 * by_torch(pipeline, generator.noise(SEED))).astype(np.int16)
    worst = int(np.abs(made.astype(np.int16) - expected).max())
    both = np.concatenate([made, expected.astype(np.uint8)], 1)
    Image.fromarray(both).save("house.png")
    print(f"house.png: LiteRT on the left, PyTorch on the right; off by {worst} of 255 at most")
    return 0 if worst <= LARGEST_DIFFERENCE else 1


def by_torch(pipeline: Any, noise: np.ndarray[Any, np.dtype[Any]]) -> Any:
    """What diffusers itself makes of the same noise: [H, W, 3], 0 to 1."""
    made = pipeline(
        PROMPT,
        num_inference_steps=STEPS,
        guidance_scale=GUIDANCE,
        latents=torch.from_numpy(noise),
        output_type="np",
    )
    return made.images[0]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
