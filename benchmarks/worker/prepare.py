"""Writes what the other workers need of a case: inputs, what eager torch makes of them, weights."""

from pathlib import Path

import torch
from torch import Tensor

from benchmarks.cases import DECODE_STEPS, PREFILL_LENGTH, Case
from benchmarks.steps import Step, save_steps
from benchmarks.worker import job as jobs
from benchmarks.worker.models import build_module, decoder_config
from tests.models import encoder
from tests.models.checkpoint import write_random_checkpoint


def _inputs(case: Case) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    match case.model:
        case "sentence-encoder":
            return encoder.tokenize(encoder.SENTENCES[:1], case.size)
        case "bert-base":
            tokens = torch.randint(1000, 30000, (1, case.size), generator=generator)
            mask = torch.ones(1, case.size, dtype=torch.int32)
            mask[:, -case.size // 4 :] = 0
            return {"input_ids": tokens.to(torch.int32), "attention_mask": mask}
        case "resnet18":
            return {"x": torch.randn(1, 3, 224, 224, generator=generator)}
        case other:
            raise ValueError(f"{other!r} has no inputs of one call")


def _module_steps(case: Case) -> list[Step]:
    inputs = _inputs(case)
    with torch.inference_mode():
        output: Tensor = build_module(case, None)(**inputs)
    arrays = {name: value.numpy() for name, value in inputs.items()}
    return [Step("serving_default", arrays, output.numpy())]


def _decoder_steps(case: Case, checkpoint: Path) -> list[Step]:
    """A prefill of random tokens, then a few tokens one by one, whatever the logits say."""
    from safetensors.torch import load_file

    from tests.models.decoder import Decoder, Prefill

    config = decoder_config(case)
    decoder = Decoder(config, device="meta")
    weights = {n: t.float() for n, t in load_file(checkpoint / "model.safetensors").items()}
    decoder.load_state_dict(weights, strict=True, assign=True)
    prefill = Prefill(decoder)
    generator = torch.Generator().manual_seed(1)
    length = PREFILL_LENGTH + DECODE_STEPS
    tokens = torch.randint(config.vocab_size, (1, length), generator=generator)
    cache = config.empty_caches()
    steps: list[Step] = []
    for start, end in [(0, PREFILL_LENGTH), *((i, i + 1) for i in range(PREFILL_LENGTH, length))]:
        inputs = config.step_inputs(tokens[:, start:end], start)
        arrays = {name: value.numpy() for name, value in inputs.items()}
        module, name = (decoder, "decode") if start else (prefill, "prefill")
        with torch.inference_mode():
            cache = dict(module(**inputs, **cache))
        logits: Tensor | None = cache.pop("logits", None)
        steps.append(Step(name, arrays, None if logits is None else logits.numpy()))
    return steps


def _prepare(job: jobs.Job) -> jobs.Result:
    case = jobs.case_of(job)
    if not case.is_decoder:
        save_steps(Path(job["steps"]), _module_steps(case))
        if case.model == "sentence-encoder":
            return {"encoder_folder": str(encoder.sentence_encoder_folder())}
        return {}
    checkpoint = Path(job["checkpoint"])
    if not (checkpoint / "complete").exists():
        write_random_checkpoint(checkpoint, decoder_config(case))
        (checkpoint / "complete").touch()
    if job["steps"] is not None:
        save_steps(Path(job["steps"]), _decoder_steps(case, checkpoint))
    return {}


if __name__ == "__main__":
    jobs.run(_prepare)
