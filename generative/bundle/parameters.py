"""What a `.task` bundle tells of its model: MediaPipe's message `LlmParameters`.

No package of Python has its schema, so the fields that are used here are declared here, by the numbers of
`mediapipe/tasks/cc/genai/inference/proto/llm_params.proto`; others are kept as they are. LiteRT-LM reads such bundles
too, and takes this message or its own.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

import litewright

from .formats import LlmMetadata

_PACKAGE, _NAME = "odml.infra.proto", "LlmParameters"
_BYTES_TO_UNICODE = 1
_FIELD = descriptor_pb2.FieldDescriptorProto
_ONE, _MANY = _FIELD.LABEL_OPTIONAL, _FIELD.LABEL_REPEATED
_FIELDS = (
    ("start_token_id", 4, _FIELD.TYPE_INT32, _ONE),
    ("start_token", 6, _FIELD.TYPE_STRING, _ONE),
    ("stop_tokens", 5, _FIELD.TYPE_STRING, _MANY),
    # An enumeration in the schema, of which nothing but the number is wanted.
    ("input_output_normalizations", 7, _FIELD.TYPE_INT32, _MANY),
)
_START = "start_token_union"


def to_parameters(metadata: bytes, tokenizer: Path, *, bytes_to_unicode: bool = False) -> bytes:
    """The message that says what LiteRT-LM's says, as far as it can: which tokens begin and end a text.

    Args:
        metadata: `LlmMetadata`, serialised.
        tokenizer: a SentencePiece model, which knows the texts of tokens.
        bytes_to_unicode: whether the tokenizer writes bytes as GPT-2's does.

    Raises:
        UserError: the tokenizer is no SentencePiece model, or does not know a token.
    """
    given = LlmMetadata.FromString(metadata)
    pieces = _pieces(tokenizer)
    message = _message_class()()
    if given.HasField("start_token"):
        message.start_token = _text(given.start_token, pieces, tokenizer)
    message.stop_tokens.extend(_text(each, pieces, tokenizer) for each in given.stop_tokens)
    if bytes_to_unicode:
        message.input_output_normalizations.append(_BYTES_TO_UNICODE)
    return message.SerializeToString(deterministic=True)


def to_metadata(data: bytes) -> Any:
    """The message `LlmMetadata` for what is in a `.task` bundle: MediaPipe's message, or LiteRT-LM's own.

    Raises:
        DecodeError: neither.
    """
    given = _message_class().FromString(data)
    if not given.stop_tokens:
        return LlmMetadata.FromString(data)
    message = LlmMetadata()
    match given.WhichOneof(_START):
        case "start_token":
            message.start_token.token_str = given.start_token
        case "start_token_id":
            message.start_token.token_ids.ids.append(given.start_token_id)
        case _:
            pass
    for text in given.stop_tokens:
        message.stop_tokens.add().token_str = text
    return message


def _pieces(tokenizer: Path) -> Any:
    try:
        from sentencepiece import SentencePieceProcessor

        return SentencePieceProcessor(model_file=str(tokenizer))
    except ModuleNotFoundError as error:
        raise litewright.UserError(
            ".task bundles need the package sentencepiece: pip install 'litewright[lm]'"
        ) from error
    except (RuntimeError, OSError) as error:
        raise litewright.UserError(f"{tokenizer}: no SentencePiece model ({error})") from error


def _text(union: Any, pieces: Any, tokenizer: Path) -> str:
    """The text of a token that is told by its text or as a list of one number."""
    if union.token_str:
        return union.token_str
    number = next(iter(union.token_ids.ids))
    if not number < pieces.get_piece_size():
        raise litewright.UserError(
            f"{tokenizer}: token {number}, which begins or ends texts, is none of its "
            f"{pieces.get_piece_size()}, and a .task bundle knows no other; write a .litertlm bundle"
        )
    return pieces.id_to_piece(number)


@functools.cache
def _message_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="litewright/llm_params.proto", package=_PACKAGE, syntax="proto3"
    )
    message = file.message_type.add(name=_NAME)
    message.oneof_decl.add(name=_START)
    for name, number, kind, label in _FIELDS:
        field = message.field.add(name=name, number=number, type=kind, label=label)
        if name.startswith("start_token"):
            field.oneof_index = 0
    # A pool of its own: whoever has MediaPipe's own schema loaded may keep it.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{_NAME}"))
