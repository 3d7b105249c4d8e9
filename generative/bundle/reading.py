"""Bundles are read: what is inside, and the parts as files."""

from __future__ import annotations

import contextlib
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from google.protobuf import text_format
from google.protobuf.message import DecodeError

import litewright

from .container import MAGIC, Kind, read_container
from .formats import LlmMetadata
from .parameters import to_metadata

_CHUNK = 1 << 20
_ZIP = b"PK\x03\x04"
_TASK_KINDS = {
    "TF_LITE_PREFILL_DECODE": Kind.MODEL,
    "TOKENIZER_MODEL": Kind.SENTENCEPIECE,
    "METADATA": Kind.METADATA,
}
_FILE_NAMES = {
    Kind.MODEL: "model.tflite",
    Kind.TOKENIZER: "tokenizer.json",
    Kind.SENTENCEPIECE: "tokenizer.model",
    Kind.METADATA: "metadata.pbtext",
    Kind.WEIGHTS: "weights.bin",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One thing in a bundle.

    Attributes:
        name: of the file that it is extracted to.
        kind: what it is; None where that is not known here.
        size: bytes in the bundle.
        items: what the bundle says of it.
        read: hands its bytes, as they are in a file of their own, to a sink.
    """

    name: str
    kind: Kind | None
    size: int
    items: dict[str, str]
    read: Callable[[Callable[[bytes], Any]], None]

    def content(self) -> bytes:
        """All its bytes."""
        pieces: list[bytes] = []
        self.read(pieces.append)
        return b"".join(pieces)


@dataclass(frozen=True, slots=True)
class Bundle:
    """An opened bundle.

    Attributes:
        path: the file.
        facts: of the whole, by name.
        parts: in the order in which they lie.
        parse: reads its metadata as the message `LlmMetadata`.
    """

    path: Path
    facts: dict[str, str]
    parts: tuple[Part, ...]
    parse: Callable[[bytes], Any] = LlmMetadata.FromString

    def part(self, kind: Kind) -> Part | None:
        """The first of that kind, if there is one."""
        return next((each for each in self.parts if each.kind is kind), None)

    def metadata(self) -> Any:
        """The message `LlmMetadata`; of a .task bundle, what its own message says of that.

        Raises:
            FormatError: there is none, or it is damaged.
        """
        part = self.part(Kind.METADATA)
        if part is None:
            raise litewright.FormatError(f"{self.path}: a bundle without metadata")
        try:
            return self.parse(part.content())
        except DecodeError as error:
            raise litewright.FormatError(
                f"{self.path}: the metadata are damaged ({error})"
            ) from error

    def extract_model(self, folder: Path) -> Path:
        """Writes its model into a folder that is there, and nothing else.

        Raises:
            FormatError: there is none.
            WriteError: the file cannot be written.
        """
        part = self.part(Kind.MODEL)
        if part is None:
            raise litewright.FormatError(f"{self.path}: a bundle without a model")
        with _written(folder / part.name) as path, path.open("wb") as file:
            part.read(file.write)
        return path

    def extract(self, folder: Path) -> list[Path]:
        """Writes every part to a file; metadata as text.

        Raises:
            WriteError: a file cannot be written.
        """
        written: list[Path] = []
        for part in self.parts:
            with _written(folder / part.name) as path:
                folder.mkdir(parents=True, exist_ok=True)
                if part.kind is Kind.METADATA:
                    path.write_text(text_format.MessageToString(self.metadata()), encoding="utf-8")
                else:
                    with path.open("wb") as file:
                        part.read(file.write)
            written.append(path)
        return written


@contextlib.contextmanager
def _written(path: Path) -> Generator[Path]:
    """While it is entered, what the system refuses is told as a file that cannot be written."""
    try:
        yield path
    except OSError as error:
        raise litewright.WriteError(f"cannot write {path}: {error.strerror or error}") from error


@contextlib.contextmanager
def graph_in(path: Path) -> Generator[Path]:
    """A .tflite file: the file itself, or the model of a bundle, in a file of its own while this is entered.

    Raises:
        FormatError: a bundle that is damaged, or has no model.
    """
    if not is_bundle(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="litewright-") as folder:
        yield open_bundle(path).extract_model(Path(folder))


def is_bundle(path: Path) -> bool:
    """Whether a file begins as bundles do; not if it cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
    except OSError:
        return False
    return head == MAGIC or head.startswith(_ZIP)


def open_bundle(path: Path) -> Bundle:
    """Opens a `.litertlm` or `.task` file, by what is in it, not by its name.

    Raises:
        UserError: the file cannot be read.
        FormatError: no bundle, or one that is damaged or cut short.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
    except OSError as error:
        raise litewright.UserError(f"cannot read {path}: {error.strerror or error}") from error
    if head == MAGIC:
        return _open_litertlm(path)
    if head.startswith(_ZIP):
        return _open_task(path)
    raise litewright.FormatError(f"{path}: neither a .litertlm nor a .task bundle")


def _open_litertlm(path: Path) -> Bundle:
    facts, sections = read_container(path)
    parts = [
        Part(
            _name(each.kind if isinstance(each.kind, Kind) else None, index),
            each.kind if isinstance(each.kind, Kind) else None,
            each.end - each.begin,
            dict(each.items),
            _section_reader(path, each.begin, each.end, unpack=each.kind is Kind.TOKENIZER),
        )
        for index, each in enumerate(sections)
    ]
    return Bundle(path, facts, _unique(parts))


def _open_task(path: Path) -> Bundle:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise litewright.FormatError(f"{path}: a damaged .task bundle ({error})") from error
    parts: list[Part] = []
    for index, entry in enumerate(entries):
        kind = _TASK_KINDS.get(entry.filename)
        name = _name(kind, index) if kind is not None else Path(entry.filename).name
        parts.append(Part(name, kind, entry.file_size, {}, _entry_reader(path, entry.filename)))
    return Bundle(path, {}, _unique(parts), to_metadata)


def _section_reader(
    path: Path, begin: int, end: int, *, unpack: bool
) -> Callable[[Callable[[bytes], Any]], None]:
    def read(sink: Callable[[bytes], Any]) -> None:
        with path.open("rb") as file:
            file.seek(begin)
            if unpack:
                sink(_unpacked(path, file.read(end - begin)))
                return
            _pump(file, sink, end - begin)

    return read


def _entry_reader(path: Path, entry: str) -> Callable[[Callable[[bytes], Any]], None]:
    def read(sink: Callable[[bytes], Any]) -> None:
        with zipfile.ZipFile(path) as archive, archive.open(entry) as file:
            while data := file.read(_CHUNK):
                sink(data)

    return read


def _pump(file: IO[bytes], sink: Callable[[bytes], Any], size: int) -> None:
    while size > 0 and (data := file.read(min(_CHUNK, size))):
        sink(data)
        size -= len(data)


def _unpacked(path: Path, packed: bytes) -> bytes:
    try:
        return zlib.decompress(packed[8:])
    except zlib.error as error:
        raise litewright.FormatError(f"{path}: the tokenizer is damaged ({error})") from error


def _name(kind: Kind | None, index: int) -> str:
    return (
        _FILE_NAMES.get(kind, f"section_{index}.bin")
        if kind is not None
        else f"section_{index}.bin"
    )


def _unique(parts: list[Part]) -> tuple[Part, ...]:
    """Parts whose names differ: a second model of a bundle is no reason to lose the first."""
    seen: dict[str, int] = {}
    made: list[Part] = []
    for part in parts:
        seen[part.name] = seen.get(part.name, 0) + 1
        stem = Path(part.name)
        count = seen[part.name]
        name = part.name if count == 1 else f"{stem.stem}_{count}{stem.suffix}"
        made.append(Part(name, part.kind, part.size, part.items, part.read))
    return tuple(made)
