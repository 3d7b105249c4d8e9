"""Bundles are written: `.litertlm` for LiteRT-LM, `.task` for MediaPipe and LiteRT-LM."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Generator, Mapping
from pathlib import Path

import litewright

from .container import Kind, Section, Sink, write_container
from .parameters import to_parameters

_CHUNK = 1 << 20
# The parts of a .task bundle; a fixed date makes equal bytes of equal contents.
_MODEL, _TOKENIZER, _METADATA = "TF_LITE_PREFILL_DECODE", "TOKENIZER_MODEL", "METADATA"
_DATE = (1980, 1, 1, 0, 0, 0)


def write_litertlm(
    path: Path, *, model: Path, tokenizer: Path, metadata: bytes, facts: Mapping[str, str]
) -> None:
    """Writes a bundle for LiteRT-LM: the whole file, or none.

    Args:
        path: the file to write.
        model: a .tflite with prefill and decode signatures.
        tokenizer: a `tokenizer.json`, or a SentencePiece model.
        metadata: `LlmMetadata`, serialised.
        facts: of the whole, by name.

    Raises:
        WriteError: the file cannot be written; what was at `path` before is untouched.
    """
    sections = [
        Section(Kind.METADATA, lambda sink: sink(metadata)),
        _tokenizer_section(tokenizer),
        Section(
            Kind.MODEL, lambda sink: _copy(model, sink), {"model_type": "tf_lite_prefill_decode"}
        ),
    ]
    with _whole(path) as part, part.open("wb") as stream:
        write_container(stream, sections, facts)


def write_task(
    path: Path, *, model: Path, tokenizer: Path, metadata: bytes, bytes_to_unicode: bool = False
) -> None:
    """Writes a `.task` bundle: the whole file, or none. Arguments that are not said are those of `write_litertlm`.

    Args:
        path: the file to write.
        model: a .tflite with prefill and decode signatures.
        tokenizer: a SentencePiece model.
        metadata: `LlmMetadata`, serialised; MediaPipe's message takes what it can of it, which is no chat template.
        bytes_to_unicode: whether the tokenizer writes bytes as GPT-2's does.

    Raises:
        UserError: the tokenizer is no SentencePiece model, the only kind that this format holds.
        WriteError: the file cannot be written; what was at `path` before is untouched.
    """
    if tokenizer.suffix == ".json":
        raise litewright.UserError(
            f"a .task bundle holds SentencePiece tokenizers alone, not {tokenizer.name}; "
            "write a .litertlm bundle"
        )
    parameters = to_parameters(metadata, tokenizer, bytes_to_unicode=bytes_to_unicode)
    with (
        _whole(path) as part,
        zipfile.ZipFile(part, "w", zipfile.ZIP_STORED, allowZip64=True) as archive,
    ):
        for name, source in ((_MODEL, model), (_TOKENIZER, tokenizer)):
            with archive.open(_entry(name), "w", force_zip64=True) as stream:
                _copy(source, lambda data, stream=stream: _write(stream.write(data)))
        archive.writestr(_entry(_METADATA), parameters)


@contextlib.contextmanager
def _whole(path: Path) -> Generator[Path]:
    """See `litewright.replacing`; what the system refuses meanwhile becomes an error of ours."""
    try:
        with litewright.replacing(path) as part:
            yield part
    except OSError as error:
        raise litewright.WriteError(f"cannot write {path}: {error.strerror or error}") from error


def _tokenizer_section(path: Path) -> Section:
    if path.suffix != ".json":
        return Section(Kind.SENTENCEPIECE, lambda sink: _copy(path, sink))
    text = path.read_bytes()
    packed = len(text).to_bytes(8, "little") + zlib.compress(text)
    return Section(Kind.TOKENIZER, lambda sink: sink(packed))


def _copy(source: Path, sink: Sink) -> None:
    with source.open("rb") as file:
        while data := file.read(_CHUNK):
            sink(data)


def _write(_: int) -> None:
    """Takes how much was written."""


def _entry(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, _DATE)
