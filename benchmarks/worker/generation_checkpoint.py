"""Writes a checkpoint folder with random weights and a tokenizer, as Hugging Face lays it out."""

import shutil
from pathlib import Path
from typing import Any

import torch
import transformers

from benchmarks.children import ROOT
from benchmarks.generation.families import family_of
from benchmarks.worker import job as jobs

_TOKENIZER = ROOT / "tests" / "data" / "docs-llama"


def _checkpoint(job: jobs.Job) -> jobs.Result:
    family = family_of(job["family"])
    folder = Path(job["checkpoint"])
    if (folder / "complete").exists():
        return {}
    library: Any = transformers
    layers = {family.layers_name: job["layers"]}
    config = getattr(library, family.config)(**family.sizes, **layers)
    torch.default_generator.manual_seed(0)
    model = library.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    # Scales of one and offsets of zero, which is what models begin with, are multiplications that can be left out.
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.uniform_(0.5, 1.5)
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(_TOKENIZER / name, folder)
    (folder / "complete").touch()
    return {}


if __name__ == "__main__":
    jobs.run(_checkpoint)
