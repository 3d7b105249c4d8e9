"""Bundles under the names of MediaPipe's bundler: `create_bundle(BundleConfig(...))`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import litewright

from ..bundle.metadata import LanguageFacts
from ..bundle.writing import write_litertlm, write_task

DECODE, MASK, CACHE = "decode", "mask", "kv_cache_k_0"


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleConfig:
    """What goes into a bundle.

    Attributes:
        tflite_model: a .tflite with prefill and decode signatures.
        tokenizer_model: a SentencePiece model, or a `tokenizer.json` for `.litertlm`.
        start_token: text of the token in front of each conversation; None if there is none.
        stop_tokens: texts of the tokens that end an answer.
        output_filename: `.task` or `.litertlm`.
        enable_bytes_to_unicode_mapping: for `.task` bundles of GPT-2-like SentencePiece models; tokenizers in
            `tokenizer.json` say so themselves.
        chat_template: a Jinja template of messages.
    """

    tflite_model: str
    tokenizer_model: str
    start_token: str | None
    stop_tokens: Sequence[str]
    output_filename: str
    enable_bytes_to_unicode_mapping: bool = False
    chat_template: str = ""


def create_bundle(config: BundleConfig) -> None:
    """Writes a bundle: the whole file, or none.

    Raises:
        UserError: a file is missing, there is no stop token, the model has no `decode` signature, or the kind of
            file cannot hold the tokenizer.
        WriteError: the file cannot be written.
    """
    output, model = Path(config.output_filename), Path(config.tflite_model)
    tokenizer = Path(config.tokenizer_model)
    for path in (model, tokenizer):
        if not path.is_file():
            raise litewright.UserError(f"{path}: there is no such file")
    if not config.stop_tokens:
        raise litewright.UserError("a bundle needs stop_tokens: without, no answer ends")
    facts = LanguageFacts(
        config.start_token, tuple(config.stop_tokens), _context_length(model), config.chat_template
    )
    if output.suffix == ".litertlm":
        write_litertlm(
            output, model=model, tokenizer=tokenizer, metadata=facts.to_metadata(), facts={}
        )
    elif output.suffix == ".task":
        write_task(
            output,
            model=model,
            tokenizer=tokenizer,
            metadata=facts.to_metadata(),
            bytes_to_unicode=config.enable_bytes_to_unicode_mapping,
        )
    else:
        raise litewright.UserError(f"{output}: the name must end in .task or .litertlm")


def _context_length(model: Path) -> int:
    """Positions of the caches: the mask's width, or the third dimension of keys where there is no mask."""
    signatures = litewright.read(model).signatures
    inputs = {each.name: each for each in signatures[DECODE].inputs} if DECODE in signatures else {}
    if MASK in inputs:
        return inputs[MASK].shape[-1]
    if CACHE in inputs:
        return inputs[CACHE].shape[2]
    raise litewright.UserError(
        f"{model}: no language model: a signature {DECODE!r} with {CACHE!r} is wanted"
    )
