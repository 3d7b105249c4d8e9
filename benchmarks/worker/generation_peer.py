"""A checkpoint folder to a bundle, or to a model alone, with litert-torch, in litert-torch's own environment.

By its `export_hf`, or (`authored`, for models of Llama's architecture) by its own TinyLlama of authoring layers with
the mask as an input.
"""

import shutil
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.worker import job as jobs
from benchmarks.worker.convert_peer import authored_decoder, tensorflow_schema
from benchmarks.worker.models import decoder_config_of
from benchmarks.worker.stopwatch import Stopwatch

_MADE = ("model.litertlm", "model_quantized.tflite", "model.tflite")
_SCHEMES = {"int8": "dynamic_wi8_afp32", "float": None}


def _export(job: jobs.Job) -> jobs.Result:
    before = Stopwatch()
    with before.stage("import"):
        import_module("torch._dynamo")
        import_module("litert_torch")
        with tensorflow_schema():
            library: Any = import_module("litert_torch.generative.export_hf.export")
    output = Path(job["output"])
    bundled = output.suffix == ".litertlm"
    with tempfile.TemporaryDirectory(dir=output.parent) as folder:
        started = time.perf_counter()
        # Without a recipe there would be the default one; an empty one is none.
        library.export(
            job["checkpoint"],
            folder,
            prefill_lengths=[job["prefill"]],
            cache_length=job["cache"],
            quantization_recipe=_SCHEMES[job["scheme"]] or "",
            bundle_litert_lm=bundled,
            # Without a bundle, the model is such a file.
            keep_temporary_files=not bundled,
        )
        total = time.perf_counter() - started
        made = [Path(folder, name) for name in _MADE if Path(folder, name).exists()]
        shutil.move(made[0], output)
    return {"before": before.seconds, "stages": {}, "total": total}


def _export_authored(job: jobs.Job) -> jobs.Result:
    before = Stopwatch()
    with before.stage("import"):
        recipes: Any = import_module("litert_torch.generative.quantize.quant_recipes")
    with before.stage("model"):
        sizes = decoder_config_of(Path(job["checkpoint"]), job["cache"])
        recipe = recipes.full_dynamic_recipe() if job["scheme"] == "int8" else None
        convert = authored_decoder(
            job["checkpoint"], sizes, job["prefill"], {"quant_config": recipe}
        )
    started = time.perf_counter()
    convert().export(job["output"])
    return {"before": before.seconds, "stages": {}, "total": time.perf_counter() - started}


if __name__ == "__main__":
    jobs.run(lambda job: _export_authored(job) if job["authored"] else _export(job))
