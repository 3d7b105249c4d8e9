"""Converts one case with litert-torch, in litert-torch's own environment.

Modules go through `litert_torch.convert`. The decoder is the TinyLlama of litert-torch's own
authoring layers with its conventional export: cache layout as it comes, the mask an input, no
logits from prefill. `lightweight` is an option of its `convert`, off unless asked; `quantize` asks for its
recipe of that name.
"""

import dataclasses
import sys
import time
import types
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from benchmarks.cases import PREFILL_LENGTH
from benchmarks.steps import load_steps
from benchmarks.worker import job as jobs
from benchmarks.worker.models import build_module, decoder_config
from benchmarks.worker.stopwatch import Stopwatch
from tests.models.decoder_config import DecoderConfig

_GENERATIVE = "litert_torch.generative"
_STAGES = {
    "Torch Export": "export",
    "Run FX Passes": "fx passes",
    "Lower to MLIR": "lowering",
    "Merge MLIR Modules": "lowering",
    "Run LiteRT Converter Passes": "converter",
    "LiteRT Runtime Constant Folding": "runtime folding",
    "Write Model to Bytes": "write",
}
"""What litert-torch calls its stages in its progress messages -> ours, where there is one."""


def _time_stages(stopwatch: Stopwatch) -> None:
    """Put a stopwatch in the place of the progress messages of litert-torch."""
    progress: Any = import_module("litert_torch.progress")
    depth = 0

    @contextmanager
    def task(name: str) -> Generator[None]:
        nonlocal depth
        stage = name.split(":", maxsplit=1)[0]
        stage = "write" if stage.startswith("Write Model") else _STAGES.get(stage)
        if stage is None or depth:
            yield
            return
        depth += 1
        try:
            with stopwatch.stage(stage):
                yield
        finally:
            depth -= 1

    progress.task = task


@contextmanager
def tensorflow_schema() -> Generator[None]:
    """Let litert-torch import TensorFlow's flatbuffer schema, which LiteRT has too.

    The LoRA module of its authoring layers and its `export_hf` import it, and litert-torch 0.10.0 does not
    declare TensorFlow.
    """
    from ai_edge_litert import schema_py_generated

    names = ("tensorflow", "tensorflow.lite", "tensorflow.lite.python")
    for name in names:
        sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[names[-1]])["schema_py_generated"] = schema_py_generated
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


def _module_converter(job: jobs.Job, options: dict[str, Any]) -> Callable[[], Any]:
    litert_torch: Any = import_module("litert_torch")
    folder = job.get("encoder_folder")
    module = build_module(jobs.case_of(job), Path(folder) if folder else None)
    step = load_steps(Path(job["steps"]))[0]
    inputs = {name: torch.as_tensor(value) for name, value in step.inputs.items()}
    return lambda: litert_torch.convert(module, sample_kwargs=inputs, **options)


def _decoder_module(checkpoint: str, sizes: DecoderConfig) -> Any:
    tiny_llama: Any = import_module(f"{_GENERATIVE}.examples.tiny_llama.tiny_llama")
    model_builder: Any = import_module(f"{_GENERATIVE}.utilities.model_builder")
    config = tiny_llama.get_model_config()
    block = config.block_config(0)
    attention = dataclasses.replace(
        block.attn_config,
        num_heads=sizes.num_attention_heads,
        head_dim=sizes.head_dim,
        num_query_groups=sizes.num_key_value_heads,
        rotary_base=sizes.rope_theta,
    )
    feed_forward = dataclasses.replace(block.ff_config, intermediate_size=sizes.intermediate_size)
    norm = dataclasses.replace(block.pre_attention_norm_config, epsilon=sizes.rms_norm_eps)
    config = dataclasses.replace(
        config,
        vocab_size=sizes.vocab_size,
        num_layers=sizes.num_hidden_layers,
        embedding_dim=sizes.hidden_size,
        final_norm_config=norm,
        block_configs=dataclasses.replace(
            block,
            attn_config=attention,
            ff_config=feed_forward,
            pre_attention_norm_config=norm,
            post_attention_norm_config=norm,
        ),
    )
    return model_builder.build_decoder_only_model(
        checkpoint, config, tiny_llama.TENSOR_NAMES, model_class=tiny_llama.TinyLlama
    )


def authored_decoder(
    checkpoint: str, sizes: DecoderConfig, prefill_length: int, options: dict[str, Any]
) -> Callable[[], Any]:
    """Two signatures, with the sample inputs that litert-torch's own export script makes."""
    litert_torch: Any = import_module("litert_torch")
    with tensorflow_schema():
        kv_cache: Any = import_module(f"{_GENERATIVE}.layers.kv_cache")
        converter: Any = import_module(f"{_GENERATIVE}.utilities.converter")
        export_config: Any = import_module(f"{_GENERATIVE}.utilities.export_config")
        module = _decoder_module(checkpoint, sizes)
    exported = converter.ExportableModule(
        module, export_config=export_config.ExportConfig(mask_as_input=True)
    ).eval()

    def inputs(length: int) -> dict[str, Any]:
        step = sizes.step_inputs(torch.zeros(1, length), 0)
        cache = kv_cache.KVCache.from_model_config(sizes.cache_length, module.config)
        return {**step, "kv_cache": cache}

    signatures = litert_torch.signature(
        "prefill", exported, sample_kwargs=inputs(prefill_length)
    ).signature("decode", exported, sample_kwargs=inputs(1))
    return lambda: signatures.convert(**options)


def _decoder_converter(job: jobs.Job, options: dict[str, Any]) -> Callable[[], Any]:
    sizes = decoder_config(jobs.case_of(job))
    return authored_decoder(job["checkpoint"], sizes, PREFILL_LENGTH, options)


def _convert(job: jobs.Job) -> jobs.Result:
    before, stages = Stopwatch(), Stopwatch()
    with before.stage("import"):
        import_module("litert_torch")
    options = {"lightweight_conversion": True} if job["lightweight"] else {}
    with before.stage("model"):
        is_decoder = jobs.case_of(job).is_decoder
        build = _decoder_converter if is_decoder else _module_converter
        converter = build(job, options)
    _time_stages(stages)
    started = time.perf_counter()
    edge = converter()
    edge.export(job["output"])
    total = time.perf_counter() - started
    return {"before": before.seconds, "stages": stages.seconds, "total": total}


if __name__ == "__main__":
    jobs.run(_convert)
