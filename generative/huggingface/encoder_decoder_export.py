"""One command: an encoder-decoder checkpoint to a file, with the proof that it is right."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import litewright

from ..generation.seq2seq import Seq2SeqGenerator
from .diverging import check
from .encoder_decoder import EncoderDecoderModel, convert_encoder_decoder
from .encoder_decoder_proof import prove_encoder_decoder
from .output import check_folder, taken
from .proof import Proof


@dataclass(frozen=True, slots=True, eq=False)
class ExportedEncoderDecoder:
    """What was made.

    Attributes:
        path: the file.
        model: what it holds.
        proof: what was found when it was compared with PyTorch; None if that was not asked for.
    """

    path: Path
    model: EncoderDecoderModel
    proof: Proof | None


def export_encoder_decoder(
    folder: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    proof: bool = True,
    **options: Any,
) -> ExportedEncoderDecoder:
    """Converts an encoder-decoder model, compares it with PyTorch, and writes a file: whole, or none.

    Args:
        folder: a checkpoint in Hugging Face layout, with `preprocessor_config.json` if it reads features.
        output: `.tflite`. LiteRT-LM runs decoders alone, so there are no bundles.
        proof: whether to compare with PyTorch.
        options: those of `convert_encoder_decoder`.

    Raises:
        UserError: the folder, the lengths or the kind of output cannot be used, or the model does not say what
            PyTorch says.
        ExportError: torch.export refused the model.
        UnsupportedError: the model holds ops that cannot be lowered.
        WriteError: the file cannot be written.
    """
    path = Path(output)
    if path.suffix != ".tflite":
        raise litewright.UserError(
            f"{path}: LiteRT-LM and MediaPipe run decoders alone, and {folder} has an encoder too: name a .tflite, "
            "which `litewright generate` and `Seq2SeqGenerator` run on LiteRT"
        )
    check_folder(path)
    model = convert_encoder_decoder(folder, **options)
    progress = options.get("progress")
    with taken(path) as (part, graph):
        model.edge.export(graph, progress=progress)
        found = prove_encoder_decoder(model, graph, progress=progress) if proof else None
        if found is not None:
            check(found, model, graph, options, Seq2SeqGenerator)
        graph.replace(part)
    return ExportedEncoderDecoder(path, model, found)
