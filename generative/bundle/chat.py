"""Chat templates, which LiteRT-LM renders by another engine than Hugging Face does.

Its engine (minijinja) knows no `bos_token` and `eos_token`, and hands contents over as lists of parts
(`[{"type": "text", "text": ...}]`) where templates are written for strings: most print the list, and the model reads
it. So a prelude goes in front of a template, and both renderings are compared before a bundle is written.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jinja2

import litewright

Message = dict[str, str]

_PRELUDE = """\
{{%- set bos_token = {bos} -%}}{{%- set eos_token = {eos} -%}}
{{%- set plain = namespace(messages=[]) -%}}
{{%- for message in messages -%}}
{{%- if message.content is string or message.content is none or message.content is undefined -%}}
{{%- set plain.messages = plain.messages + [message] -%}}
{{%- else -%}}
{{%- set text = namespace(all="") -%}}
{{%- for part in message.content -%}}{{%- set text.all = text.all + (part.text or "") -%}}{{%- endfor -%}}
{{%- set plain.messages = plain.messages + [dict(message, content=text.all)] -%}}
{{%- endif -%}}
{{%- endfor -%}}
{{%- set messages = plain.messages -%}}
"""

_SYSTEM = {"role": "system", "content": "Be brief."}
_TURNS = [
    {"role": "user", "content": "What is a  list? "},
    {"role": "assistant", "content": "An\nordered <thing>."},
    {"role": "user", "content": "And a 'tuple'?"},
]
_CONVERSATIONS: tuple[list[Message], ...] = (
    _TURNS[:1],
    _TURNS,
    [_SYSTEM, *_TURNS[:1]],
    [_SYSTEM, *_TURNS],
)
_RENDER = Path(__file__).with_name("render.py")
_SECONDS = 120


def adapted(template: str, tokenizer: Any) -> str:
    """A template as LiteRT-LM wants it: contents are texts, and special tokens have their names."""
    bos, eos = (json.dumps(text or "") for text in (tokenizer.bos_token, tokenizer.eos_token))
    return _PRELUDE.format(bos=bos, eos=eos) + template


def check_chat(template: str, tokenizer: Any, model: Path) -> None:
    """Renders conversations by LiteRT-LM and by Hugging Face: one turn and two, with a system message and without.

    Conversations that Hugging Face itself cannot render (a template without system messages) are not tried.
    Nothing is checked where the package `litert-lm-api` is not installed.

    Args:
        template: as it goes into the bundle.
        tokenizer: of transformers; it has the template as it was.
        model: a bundle with that template, small: the engine loads it.

    Raises:
        UserError: LiteRT-LM cannot render the template, or renders it otherwise.
    """
    if find_spec("litert_lm") is None:
        return
    expected = [_by_transformers(tokenizer, each) for each in _CONVERSATIONS]
    tried = [
        (conversation, text)
        for conversation, text in zip(_CONVERSATIONS, expected, strict=True)
        if text is not None
    ]
    if not tried:
        raise litewright.UserError(
            "the chat template cannot be rendered by Hugging Face, not even for one message of a user"
        )
    made = _by_engine(model, template, [conversation for conversation, _ in tried])
    for (conversation, wanted), got in zip(tried, made, strict=True):
        if got != wanted:
            roles = ", ".join(each["role"] for each in conversation)
            raise litewright.UserError(
                f"LiteRT-LM renders the chat template otherwise than Hugging Face ({roles}):\n"
                f"  Hugging Face: {wanted!r}\n  LiteRT-LM:    {got!r}\n"
                "Change chat_template.jinja so that both agree, or remove it to write a bundle without one"
            )


def _by_transformers(tokenizer: Any, conversation: list[Message]) -> str | None:
    try:
        return tokenizer.apply_chat_template(
            conversation, tokenize=False, add_generation_prompt=True
        )
    except jinja2.TemplateError:  # a template refuses what it is not made for
        return None


def _by_engine(model: Path, template: str, conversations: Sequence[list[Message]]) -> list[str]:
    """In a process of its own: the engine talks on standard error, and may end it."""
    command = [sys.executable, str(_RENDER), str(model)]
    given = json.dumps({"template": template, "conversations": list(conversations)})
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise litewright.UserError(
            f"LiteRT-LM did not render the chat template in {_SECONDS} seconds"
        ) from error
    if done.returncode != 0:
        told = done.stderr.strip().splitlines()[-1:] or [f"it ended with {done.returncode}"]
        raise litewright.UserError(f"LiteRT-LM cannot render the chat template: {told[0]}")
    return json.loads(done.stdout)
