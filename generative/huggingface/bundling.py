"""One command: a checkpoint folder to a file that a runtime takes, with the proof that it is right."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import litewright

from ..bundle.chat import check_chat
from ..bundle.metadata import LanguageFacts, language_facts
from ..bundle.smallest import write_smallest
from ..bundle.writing import write_litertlm, write_task
from .adapter_inputs import AdapterInputs, check_for_engine
from .descriptions import configuration_of, tokenizer_of
from .diverging import check, is_exact
from .export import LanguageModel, convert_checkpoint
from .lengths import checked_lengths
from .output import check_folder, taken
from .proof import Proof, prove
from .reading import NEUTRAL, read, tokens_of

_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "spiece.model")
_SUFFIXES = (".tflite", ".litertlm", ".task")


@dataclass(frozen=True, slots=True, eq=False)
class Exported:
    """What was made.

    Attributes:
        path: the file.
        model: what it holds.
        proof: what was found when it was compared with PyTorch; None if that was not asked for.
    """

    path: Path
    model: LanguageModel
    proof: Proof | None


def export_checkpoint(
    folder: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    prefill_lengths: Sequence[int] = (128,),
    cache_length: int = 1280,
    ring: bool = False,
    proof: bool = True,
    proof_text: str | None = None,
    lora: str | os.PathLike[str] | None = None,
    lora_inputs: AdapterInputs | str | os.PathLike[str] | None = None,
    **options: Any,
) -> Exported:
    """Converts a causal language model, compares it with PyTorch, and writes a file: whole, or none.

    Args:
        folder: a checkpoint in Hugging Face layout, with `tokenizer.json` or a SentencePiece model for bundles.
        output: `.litertlm` for LiteRT-LM, `.task` for MediaPipe, `.tflite` for the graph alone.
        prefill_lengths: a prefill signature for each.
        cache_length: positions that the caches hold, and with them tokens of a conversation.
        ring: whether layers with a sliding window hold no more than it and a prefill.
        proof: whether to compare with PyTorch.
        proof_text: what perplexity and divergence are measured on, as far as the caches hold it. By default they are
            measured for quantised weights alone, on a text of ours, where the folder has a tokenizer.
        lora: a folder with an adapter in the layout of `peft`, to be merged into the weights.
        lora_inputs: matrices that take adapters as inputs; see `convert_checkpoint`.
        options: those of `litewright.convert`.

    Raises:
        UserError: the folder, the lengths or the kind of output cannot be used, or the model does not say what
            PyTorch says.
        ExportError: torch.export refused the model.
        UnsupportedError: the model holds ops that cannot be lowered.
        WriteError: the file cannot be written.
    """
    path, root = Path(output), Path(folder)
    if path.suffix not in _SUFFIXES:
        raise litewright.UserError(f"{path}: the name must end in {', '.join(_SUFFIXES)}")
    check_folder(path)
    lengths = checked_lengths(prefill_lengths, cache_length)
    # What a bundle needs is looked for first, before anything takes time.
    configuration_of(root)
    bundle = _bundle(root, path.suffix, cache_length) if path.suffix != ".tflite" else None
    is_quantised = options.get("quant_config") is not None
    if proof_text is None and is_quantised and cache_length > 1 and _has_tokenizer(root):
        proof_text = NEUTRAL
    words = tokens_of(root, proof_text, cache_length) if proof and proof_text is not None else ()
    model = convert_checkpoint(
        root,
        prefill_lengths=lengths,
        cache_length=cache_length,
        ring=ring,
        lora=lora,
        lora_inputs=lora_inputs,
        **options,
    )
    if path.suffix == ".litertlm":
        check_for_engine(model.plan.slots)
    progress = options.get("progress")
    with taken(path) as (part, graph):
        model.edge.export(graph, progress=progress)
        found = _proof(model, graph, words, options) if proof else None
        if bundle is None:
            graph.replace(part)
        else:
            bundle.write(part, graph, model)
    return Exported(path, model, found)


@dataclass(frozen=True, slots=True)
class _Bundle:
    """What goes into a bundle beside the graph."""

    suffix: str
    tokenizer: Path
    facts: LanguageFacts

    def write(self, path: Path, graph: Path, model: LanguageModel) -> None:
        metadata = self.facts.to_metadata()
        if self.suffix == ".task":
            write_task(path, model=graph, tokenizer=self.tokenizer, metadata=metadata)
            return
        facts = {"Authors": "litewright", "architecture": model.checkpoint.config.model_type}
        write_litertlm(path, model=graph, tokenizer=self.tokenizer, metadata=metadata, facts=facts)


def _bundle(root: Path, suffix: str, cache_length: int) -> _Bundle:
    tokenizer = _tokenizer_file(root, suffix)
    return _Bundle(suffix, tokenizer, _facts(root, tokenizer, cache_length))


def _proof(
    model: LanguageModel, graph: Path, words: Sequence[int], options: dict[str, Any]
) -> Proof:
    """What the comparison with PyTorch has found.

    Raises:
        UserError: weights are as exact as PyTorch's and results are not, or results are no numbers; with the first
            wrong op.
    """
    progress = options.get("progress")
    found = prove(model, graph, progress=progress)
    check(found, model, graph, options)
    folder = model.checkpoint.folder
    is_asked_for = not is_exact(model, options) and _has_tokenizer(folder)
    if not words and is_asked_for and model.cache_length > 1:
        words = tokens_of(folder, NEUTRAL, model.cache_length)
    return replace(found, reading=read(model, graph, words, progress)) if words else found


def _has_tokenizer(root: Path) -> bool:
    return any((root / name).is_file() for name in _TOKENIZERS)


def _tokenizer_file(root: Path, suffix: str) -> Path:
    """The tokenizer that goes into a bundle: `.task` holds no tokenizer.json, which is taken only to tell so."""
    names = sorted(_TOKENIZERS, key=lambda name: suffix == ".task" and name.endswith(".json"))
    for name in names:
        if (root / name).is_file():
            return root / name
    raise litewright.UserError(
        f"{root}: no tokenizer for the bundle: expected tokenizer.json or tokenizer.model. "
        "Write a .tflite to do without"
    )


def _facts(root: Path, tokenizer_file: Path, cache_length: int) -> LanguageFacts:
    """What the bundle tells of the model; its chat template has been rendered by LiteRT-LM."""
    tokenizer = tokenizer_of(root)
    facts = language_facts(root, tokenizer, cache_length)
    if facts.chat_template:
        with tempfile.TemporaryDirectory(prefix="litewright-") as work:
            graph, bundle = Path(work, "model.tflite"), Path(work, "model.litertlm")
            write_smallest(graph, len(tokenizer))
            metadata = facts.to_metadata()
            write_litertlm(
                bundle, model=graph, tokenizer=tokenizer_file, metadata=metadata, facts={}
            )
            check_chat(facts.chat_template, tokenizer, bundle)
    return facts
