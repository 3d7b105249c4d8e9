"""The container of LiteRT-LM (`.litertlm`, version 1.7): a header in flatbuffers, then sections of bytes.

Format: eight bytes `LITERTLM`, three little-endian u32 of the version, padding to byte 24, a u64 that says where
the header ends, the header at byte 32, sections at multiples of 16 KiB. The schema is that of the package
`litert-lm-builder`, whose own writer puts the time and a random number into each file; this one writes equal
bytes for equal contents.
"""

from __future__ import annotations

import hashlib
import struct
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import IO, Any

import flatbuffers

import litewright

from .formats import schema

MAGIC = b"LITERTLM"
VERSION = (1, 7, 0)
BLOCK = 16 * 1024
_END_AT, _HEADER_AT = 24, 32

Sink = Callable[[bytes], None]
"""Takes the next bytes."""


class Kind(IntEnum):
    """What a section holds (`AnySectionDataType` of the schema)."""

    BINARY = 1
    MODEL = 3
    SENTENCEPIECE = 4
    METADATA = 5
    TOKENIZER = 6
    WEIGHTS = 7


@dataclass(frozen=True, slots=True)
class Section:
    """A section to be written.

    Attributes:
        kind: what it holds.
        write: hands its bytes on, in pieces.
        items: facts about it, by name.
    """

    kind: Kind
    write: Callable[[Sink], None]
    items: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class FoundSection:
    """A section of a file.

    Attributes:
        kind: what it holds; the number where this version does not know it.
        begin: its first byte.
        end: the byte behind its last.
        items: facts about it, by name.
    """

    kind: Kind | int
    begin: int
    end: int
    items: Mapping[str, str]


def write_container(
    stream: IO[bytes], sections: Sequence[Section], facts: Mapping[str, str]
) -> None:
    """Writes a whole container to a file that can seek.

    Args:
        stream: a file that is open for writing, empty.
        sections: in the order in which they will lie.
        facts: of the whole, by name; a `uuid` made of all the bytes joins them, by which a runtime may know
            what it keeps for a file.
    """
    digest = hashlib.blake2b(repr(sorted(facts.items())).encode(), digest_size=16)
    identity = str(uuid.UUID(int=0))
    places = [(1, 1) for _ in sections]
    size = len(_header(sections, places, {**facts, "uuid": identity}))
    offset = _round_up(_HEADER_AT + size)
    for index, section in enumerate(sections):
        stream.seek(offset)
        section.write(_both(stream, digest))
        places[index] = (offset, stream.tell())
        offset = _round_up(stream.tell())
    identity = str(uuid.UUID(bytes=digest.digest()))
    header = _header(sections, places, {**facts, "uuid": identity})
    assert len(header) == size, "sizes of a header do not depend on numbers"
    stream.seek(0)
    stream.write(MAGIC + struct.pack("<3I", *VERSION))
    stream.write(b"\0" * (_END_AT - stream.tell()))
    stream.write(struct.pack("<Q", _HEADER_AT + size))
    stream.write(header)


def _both(stream: IO[bytes], digest: hashlib.blake2b) -> Sink:
    def sink(data: bytes) -> None:
        digest.update(data)
        stream.write(data)

    return sink


def read_container(path: Path) -> tuple[dict[str, str], list[FoundSection]]:
    """The facts and sections of a file.

    Raises:
        UserError: the file cannot be read.
        FormatError: no container, one of another version, or one that is cut short.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER_AT)
            size = path.stat().st_size
            end = _end_of_header(path, head, size)
            header = file.read(end - _HEADER_AT)
    except OSError as error:
        raise litewright.UserError(f"cannot read {path}: {error.strerror or error}") from error
    try:
        found = schema.LiteRTLMMetaData.GetRootAs(header, 0)
        whole, parts = found.SystemMetadata(), found.SectionMetadata()
        facts = _facts([whole.Entries(i) for i in range(whole.EntriesLength())])
        sections = [_section(parts.Objects(i)) for i in range(parts.ObjectsLength())]
    except (struct.error, IndexError, AttributeError, TypeError, ValueError) as error:
        raise litewright.FormatError(f"{path}: the header is damaged ({error})") from error
    for each in sections:
        if not end <= each.begin <= each.end <= size:
            raise litewright.FormatError(
                f"{path} is cut short or damaged: a section ends at byte {each.end}, the file at {size}"
            )
    return facts, sections


def _end_of_header(path: Path, head: bytes, size: int) -> int:
    if len(head) < _HEADER_AT or not head.startswith(MAGIC):
        raise litewright.FormatError(f"{path}: no .litertlm file: it does not begin with LITERTLM")
    major = struct.unpack_from("<I", head, len(MAGIC))[0]
    if major != VERSION[0]:
        raise litewright.FormatError(f"{path} has version {major}, this reads {VERSION[0]}")
    end = struct.unpack_from("<Q", head, _END_AT)[0]
    if not _HEADER_AT < end <= size:
        raise litewright.FormatError(
            f"{path} is cut short: its header ends at {end}, the file at {size}"
        )
    return end


def _header(
    sections: Sequence[Section], places: Sequence[tuple[int, int]], facts: Mapping[str, str]
) -> bytes:
    objects = [
        schema.SectionObjectT(
            items=_pairs(section.items),
            dataType=int(section.kind),
            beginOffset=begin,
            endOffset=end,
        )
        for section, (begin, end) in zip(sections, places, strict=True)
    ]
    whole = schema.LiteRTLMMetaDataT(
        systemMetadata=schema.SystemMetadataT(entries=_pairs(facts)),
        sectionMetadata=schema.SectionMetadataT(objects=objects),
    )
    builder = flatbuffers.Builder(1024)
    builder.Finish(whole.Pack(builder))
    return bytes(builder.Output())


def _pairs(facts: Mapping[str, str]) -> list[Any]:
    kind = schema.VData.StringValue
    return [
        schema.KeyValuePairT(key=key, value=schema.StringValueT(value), valueType=kind)
        for key, value in facts.items()
    ]


def _section(found: Any) -> FoundSection:
    number = int(found.DataType())
    kind = Kind(number) if number in set(Kind) else number
    items = _facts([found.Items(i) for i in range(found.ItemsLength())])
    return FoundSection(kind, int(found.BeginOffset()), int(found.EndOffset()), items)


def _facts(pairs: Sequence[Any]) -> dict[str, str]:
    """Facts that are text; there are numbers too, which nothing here asks for."""
    facts: dict[str, str] = {}
    for each in pairs:
        if each.ValueType() == schema.VData.StringValue:
            value = schema.StringValue()
            value.Init(each.Value().Bytes, each.Value().Pos)
            facts[each.Key().decode()] = value.Value().decode()
    return facts


def _round_up(offset: int) -> int:
    return -(-offset // BLOCK) * BLOCK
