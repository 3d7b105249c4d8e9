"""What `litewright export-hf` does with each kind of checkpoint: which options it takes, and what it tells."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from litewright.generative.huggingface.proof import Proof

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Exporter:
    """How one kind of checkpoint is exported.

    Attributes:
        options: names of the command's options that belong to this kind, and not to every kind.
        export: takes the folder, the output, the options that were given, and those of every kind; returns what to
            tell as JSON.
        show: prints the rest of what `export` returns, below the head.
    """

    options: frozenset[str]
    export: Callable[[Path, Path, Mapping[str, Any], Mapping[str, Any]], Facts]
    show: Callable[[Facts, Console], None]


def exporter_of(folder: Path) -> Exporter:
    """How the checkpoint in a folder is exported.

    Raises:
        UserError: the folder holds no checkpoint.
    """
    from litewright.generative.huggingface.kinds import Kind, kind_of

    kinds = {
        Kind.ENCODER: _ENCODER,
        Kind.ENCODER_DECODER: _ENCODER_DECODER,
        Kind.DIFFUSION: _DIFFUSION,
    }
    return kinds.get(kind_of(folder), _CAUSAL)


def _export_causal(
    folder: Path, output: Path, chosen: Mapping[str, Any], shared: Mapping[str, Any]
) -> Facts:
    from litewright.generative.huggingface.bundling import export_checkpoint

    names = {"prefill": "prefill_lengths", "cache": "cache_length"}
    given = {names.get(name, name): value for name, value in chosen.items()}
    given |= _adapters(given) | _calibration(given, folder)
    exported = export_checkpoint(folder, output, **given, **shared)
    facts: Facts = {
        "file": str(exported.path),
        "bytes": exported.path.stat().st_size,
        "architecture": exported.model.checkpoint.config.model_type,
        "cache": exported.model.cache_length,
        "rings": list(exported.model.rings),
        "prefill": list(exported.model.prefill_lengths),
        "seconds": exported.model.edge.timings,
    }
    return facts | _trials(exported.proof)


def _export_encoder_decoder(
    folder: Path, output: Path, chosen: Mapping[str, Any], shared: Mapping[str, Any]
) -> Facts:
    from litewright.generative.huggingface.encoder_decoder_export import export_encoder_decoder

    names = {"prefill": "prefill_lengths", "cache": "cache_length", "lengths": "encoder_lengths"}
    given = {names.get(name, name): value for name, value in chosen.items()}
    exported = export_encoder_decoder(folder, output, **given, **shared)
    facts: Facts = {
        "file": str(exported.path),
        "bytes": exported.path.stat().st_size,
        "architecture": exported.model.checkpoint.config.model_type,
        "lengths": list(exported.model.encoder_lengths),
        "cache": exported.model.cache_length,
        "prefill": list(exported.model.prefill_lengths),
        "seconds": exported.model.edge.timings,
    }
    return facts | _trials(exported.proof)


def _trials(proof: Proof | None) -> Facts:
    if proof is None:
        return {}
    trials = [
        {
            "name": each.trial.name,
            "error": each.error,
            "divergence": each.divergence,
            "agreement": each.agreement,
        }
        for each in proof.outcomes
    ]
    text = {} if proof.reading is None else {"text": asdict(proof.reading)}
    return {"trials": trials, **text}


def _calibration(given: dict[str, Any], folder: Path) -> Facts:
    """The text that is calibrated on, as tokens; takes it out of `given`."""
    from litewright.generative.huggingface.reading import tokens_of

    text = given.pop("calibration_text", None)
    return {"calibration_tokens": [tokens_of(folder, text, len(text))]} if text is not None else {}


def _adapters(given: dict[str, Any]) -> Facts:
    """What the options about adapters as inputs say together; takes them out of `given`."""
    from litewright.compiler.diagnostics import UserError
    from litewright.generative.huggingface.adapter_inputs import AdapterInputs

    as_inputs = given.pop("lora_as_inputs", False)
    rank, targets = given.pop("lora_rank", None), given.pop("lora_targets", None)
    if (rank is None) != (targets is None):
        raise UserError("--lora-rank and --lora-targets belong together")
    if rank is not None:
        return {"lora_inputs": AdapterInputs(rank, targets)}
    if not as_inputs:
        return {}
    if "lora" not in given:
        raise UserError("--lora-as-inputs wants --lora DIR, or use --lora-rank and --lora-targets")
    return {"lora_inputs": given.pop("lora")}


def _show_causal(facts: Facts, console: Console) -> None:
    from .report import new_table

    if "trials" not in facts:
        return
    numbers = ("largest error", "divergence", "same token")
    table = new_table("beside PyTorch", *numbers, numbers=frozenset(numbers))
    for each in facts["trials"]:
        share = f"{100 * each['agreement']:.0f} %"
        table.add_row(each["name"], f"{each['error']:.1e}", f"{each['divergence']:.1e}", share)
    console.print(table)
    if "text" in facts:
        _show_reading(facts["text"], console)


def _show_reading(facts: Facts, console: Console) -> None:
    from .report import new_table

    numbers = ("perplexity", "divergence", "same token")
    table = new_table(f"a text of {facts['tokens']} tokens", *numbers, numbers=frozenset(numbers))
    table.add_row("PyTorch", f"{facts['reference_perplexity']:.3f}", "", "")
    share = f"{100 * facts['agreement']:.0f} %"
    table.add_row("converted", f"{facts['perplexity']:.3f}", f"{facts['divergence']:.1e}", share)
    console.print(table)


def _export_encoder(
    folder: Path, output: Path, chosen: Mapping[str, Any], shared: Mapping[str, Any]
) -> Facts:
    from litewright.generative.huggingface.encoder_export import export_encoder

    exported = export_encoder(folder, output, **chosen, **shared)
    facts: Facts = {
        "file": str(exported.path),
        "bytes": exported.path.stat().st_size,
        "architecture": exported.model.config.model_type,
        "task": exported.model.task.name,
        "lengths": list(exported.model.lengths),
        "batch": exported.model.batch,
        "inputs": list(exported.model.inputs),
        "outputs": list(exported.model.task.outputs),
        "seconds": exported.model.edge.timings,
    }
    if exported.outcomes:
        facts["trials"] = [
            {
                "length": each.length,
                "filled": each.filled,
                "error": each.error,
                "cosine": each.cosine,
            }
            for each in exported.outcomes
        ]
    return facts


def _show_encoder(facts: Facts, console: Console) -> None:
    from .report import new_table

    console.print(f"{facts['task']}: {', '.join(facts['inputs'])} to {', '.join(facts['outputs'])}")
    trials: list[dict[str, Any]] = facts.get("trials", [])
    if not trials:
        return
    numbers = ("texts", "largest error", "least cosine", "mean cosine")
    table = new_table("beside PyTorch", *numbers, numbers=frozenset(numbers))
    for length in facts["lengths"]:
        own = [each for each in trials if each["length"] == length]
        cosines = [each["cosine"] for each in own]
        table.add_row(
            f"{length} tokens",
            str(len(own)),
            f"{max(each['error'] for each in own):.1e}",
            f"{min(cosines):.5f}",
            f"{sum(cosines) / len(own):.5f}",
        )
    console.print(table)


def _export_diffusion(
    folder: Path, output: Path, chosen: Mapping[str, Any], shared: Mapping[str, Any]
) -> Facts:
    from litewright.compiler.diagnostics import UserError

    try:
        from litewright.generative.diffusion.export import export_diffusion
    except ImportError as error:
        raise UserError(
            f"pipelines want diffusers: pip install 'litewright[diffusion]': {error}"
        ) from error
    given = dict(chosen)
    if len(given.get("size", (1, 1))) != 2:
        raise UserError("--size is a height and a width, as 512,512")
    started = time.perf_counter()
    parts = export_diffusion(folder, output, **given, **shared)
    facts: Facts = {
        "file": str(output),
        "bytes": sum(each.path.stat().st_size for each in parts),
        "architecture": "diffusion pipeline",
        "seconds": {"export": time.perf_counter() - started},
        "parts": [
            {"file": each.path.name, "bytes": each.path.stat().st_size, "error": each.error}
            for each in parts
        ],
    }
    return facts | ({"size": list(given["size"])} if "size" in given else {})


def _show_diffusion(facts: Facts, console: Console) -> None:
    from .report import megabytes, new_table

    numbers = ("size", "off from PyTorch")
    table = new_table("model", *numbers, numbers=frozenset(numbers))
    for each in facts["parts"]:
        error = "not compared" if each["error"] is None else f"{each['error']:.1e}"
        table.add_row(each["file"], megabytes(each["bytes"]), error)
    console.print(table)


_DIFFUSION = Exporter(frozenset({"size"}), _export_diffusion, _show_diffusion)
_ADAPTERS = "lora_as_inputs", "lora_rank", "lora_targets"
_CAUSAL = Exporter(
    frozenset({"prefill", "cache", "ring", "lora", "proof_text", "calibration_text", *_ADAPTERS}),
    _export_causal,
    _show_causal,
)
_ENCODER_DECODER = Exporter(
    frozenset({"lengths", "prefill", "cache", "lora"}), _export_encoder_decoder, _show_causal
)
_ENCODER = Exporter(
    frozenset({"lengths", "batch", "task", "texts"}), _export_encoder, _show_encoder
)
