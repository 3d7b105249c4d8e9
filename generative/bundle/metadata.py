"""What a runtime must know beside the graph: which tokens begin and end a text, how a chat is written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import litewright

from .chat import adapted
from .formats import LlmMetadata

_CHAT_TEMPLATE = "chat_template.jinja"


@dataclass(frozen=True, slots=True)
class LanguageFacts:
    """Of a language model.

    Attributes:
        start_token: written in front of each text, by its number or its text; None if there is none.
        stop_tokens: any of them ends an answer; numbers or texts.
        context_length: tokens of a conversation, prompts and answers.
        chat_template: a Jinja template of messages; empty if the model is not made for chats.
    """

    start_token: int | str | None
    stop_tokens: tuple[int | str, ...]
    context_length: int
    chat_template: str = ""

    def to_metadata(self) -> bytes:
        """As the message `LlmMetadata` of LiteRT-LM."""
        message = LlmMetadata()
        if self.start_token is not None:
            _put(message.start_token, self.start_token)
        for token in self.stop_tokens:
            _put(message.stop_tokens.add(), token)
        message.max_num_tokens = self.context_length
        message.llm_model_type.generic_model.SetInParent()
        if self.chat_template:
            message.jinja_prompt_template = self.chat_template
        message.supports_thinking = "enable_thinking" in self.chat_template
        message.supports_function_calling = "tools" in self.chat_template
        return message.SerializeToString(deterministic=True)


def _put(union: Any, token: int | str) -> None:
    """A token as LiteRT-LM spells it: by its text, or as a list of numbers."""
    if isinstance(token, str):
        union.token_str = token
    else:
        union.token_ids.ids.append(token)


def language_facts(folder: Path, tokenizer: Any, context_length: int) -> LanguageFacts:
    """What a checkpoint says of its language model.

    Args:
        folder: in Hugging Face layout; `generation_config.json` may be absent.
        tokenizer: of transformers, loaded from it.
        context_length: positions of the caches.

    Raises:
        UserError: nothing says which token ends an answer, or a file is no JSON.
    """
    generation = _read(folder / "generation_config.json")
    ends = generation.get("eos_token_id", _read(folder / "config.json").get("eos_token_id"))
    ends = [ends] if isinstance(ends, int) else list(ends or [])
    if tokenizer.eos_token_id is not None:
        ends.append(tokenizer.eos_token_id)
    if not ends:
        raise litewright.UserError(
            f"{folder}: nothing says which token ends an answer: give eos_token_id in generation_config.json"
        )
    begins = tokenizer("").input_ids[:1]
    template = _chat_template(folder, tokenizer)
    return LanguageFacts(
        start_token=begins[0] if begins and begins[0] == tokenizer.bos_token_id else None,
        stop_tokens=tuple(dict.fromkeys(ends)),
        context_length=context_length,
        chat_template=adapted(template, tokenizer) if template else "",
    )


def _chat_template(folder: Path, tokenizer: Any) -> str:
    file = folder / _CHAT_TEMPLATE
    if file.is_file():
        return file.read_text(encoding="utf-8")
    template: str | dict[str, str] | None = tokenizer.chat_template
    return template.get("default", "") if isinstance(template, dict) else template or ""


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise litewright.UserError(f"{path}: no JSON ({error})") from error
