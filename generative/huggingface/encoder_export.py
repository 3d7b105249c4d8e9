"""One command: an encoder's checkpoint folder to a .tflite, with the proof that it is right."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import litewright

from ..generation.tokens import cut_to, read_tokenizer, tokenizer_file
from .encoder import EncoderModel, convert_encoder
from .encoder_proof import Outcome, check_encoder, prove_encoder
from .output import check_folder
from .pooling import Pooling

_SUFFIX = ".tflite"


@dataclass(frozen=True, slots=True, eq=False)
class ExportedEncoder:
    """What was made.

    Attributes:
        path: the file.
        model: what it holds.
        outcomes: what was found when it was compared with PyTorch; empty if that was not asked for.
    """

    path: Path
    model: EncoderModel
    outcomes: tuple[Outcome, ...]


def export_encoder(
    folder: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    lengths: Sequence[int] = (128,),
    batch: int = 1,
    task: str | None = None,
    pooling: Pooling | None = None,
    normalised: bool | None = None,
    texts: Sequence[str] = (),
    proof: bool = True,
    **options: Any,
) -> ExportedEncoder:
    """Converts an encoder, compares it with PyTorch, and writes a file: whole, or none.

    Args:
        folder: see `convert_encoder`; with a `tokenizer.json` if there are texts.
        output: a `.tflite`.
        lengths: see `convert_encoder`.
        batch: see `convert_encoder`.
        task: see `convert_encoder`.
        pooling: see `convert_encoder`.
        normalised: see `convert_encoder`.
        texts: what the model is compared on, and what recipes that want data are calibrated with. Without, it is
            compared on random tokens, on which embeddings of quantised models lie further apart than on texts.
        proof: whether to compare with PyTorch.
        options: those of `litewright.convert`.

    Raises:
        UserError: the folder, the lengths, the texts or the kind of output cannot be used, or the model does not say
            what PyTorch says.
        FormatError: a file of tensors or the tokenizer is damaged.
        ExportError: torch.export refused the model.
        UnsupportedError: the model holds ops that cannot be lowered.
        WriteError: the file cannot be written.
    """
    path, root = Path(output), Path(folder)
    if path.suffix != _SUFFIX:
        raise litewright.UserError(f"{path}: the name of an encoder's file must end in {_SUFFIX}")
    check_folder(path)
    tokens = _tokens(root, texts, max(lengths, default=1))
    model = convert_encoder(
        root,
        lengths=lengths,
        batch=batch,
        task=task,
        pooling=pooling,
        normalised=normalised,
        texts=tokens,
        **options,
    )
    outcomes: tuple[Outcome, ...] = ()
    with litewright.replacing(path) as part:
        model.edge.export(part, progress=options.get("progress"))
        if proof:
            outcomes = prove_encoder(model, tokens, path=part)
            if not options.get("quant_config") and not model.checkpoint.holds_integers:
                check_encoder(outcomes)
    return ExportedEncoder(path, model, outcomes)


def _tokens(root: Path, texts: Sequence[str], length: int) -> list[list[int]]:
    if not texts:
        return []
    file = tokenizer_file(root)
    tokenizer = read_tokenizer(file.read_text("utf-8"), file)
    cut_to(tokenizer, length)
    return [list(each.ids) for each in tokenizer.encode_batch(list(texts))]
