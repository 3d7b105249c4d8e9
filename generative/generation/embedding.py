"""Texts in, vectors out: a converted encoder with its tokenizer."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np

import litewright

from .tokens import cut_to, read_tokenizer, tokenizer_file

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Text: TypeAlias = str | tuple[str, str]
"""A text, or two that are told apart."""

ENCODE = "encode_"
_IDS, _MASK, _KINDS = "input_ids", "attention_mask", "token_type_ids"


class TextEncoder:
    """An encoder on LiteRT that reads text.

    Attributes:
        tokenizer: of the package `tokenizers`.
        lengths: tokens that the signatures take, ascending; longer texts are cut.
        batch: texts that go in at once.
        width: numbers of a vector.
    """

    def __init__(
        self,
        model: str | os.PathLike[str],
        tokenizer: str | os.PathLike[str],
        *,
        threads: int | None = None,
    ) -> None:
        """Loads a model.

        Args:
            model: a .tflite whose signatures are as `convert_encoder` makes them, with one vector for each text.
            tokenizer: a `tokenizer.json`, or the folder that holds one, as that of the checkpoint.
            threads: of the kernels and the delegate; as `litewright.Session` has it.

        Raises:
            UserError: there is no such tokenizer, or the file is no encoder that can be run here.
            FormatError: the tokenizer cannot be read, or LiteRT does not accept the model.
        """
        file = tokenizer_file(tokenizer)
        self.tokenizer = read_tokenizer(file.read_text("utf-8"), file)
        self._padding = _padding(self.tokenizer, file.parent)
        self._is_lower_case = bool(
            _told(file.parent / "sentence_bert_config.json", "do_lower_case")
        )
        self._session = litewright.Session(Path(model), threads=threads)
        found = {
            name: each
            for name, each in self._session.signatures.items()
            if name.startswith(ENCODE) and name.removeprefix(ENCODE).isdigit()
        }
        if not found:
            told = ", ".join(self._session.signatures)
            raise litewright.UserError(f"{model}: no encoder: no signature {ENCODE}T, only {told}")
        self._signatures = {int(name.removeprefix(ENCODE)): name for name in found}
        self.lengths = tuple(sorted(self._signatures))
        first = found[self._signatures[self.lengths[0]]]
        self._inputs = tuple(each.name for each in first.inputs)
        if len(first.outputs) != 1 or len(first.outputs[0].shape) != 2:
            told = ", ".join(map(str, first.outputs))
            raise litewright.UserError(f"{model}: not one vector for each text: it returns {told}")
        self._output = first.outputs[0].name
        self.batch, self.width = first.outputs[0].shape

    def encode(self, texts: Sequence[Text], *, prompt: str = "") -> Array:
        """Vectors of texts; embeddings, or the logits of a classifier.

        Texts of about the same length go in together, by the shortest signature that takes them.

        Args:
            texts: as many as you like.
            prompt: put in front of each, where the model was trained so.

        Returns:
            float32 [len(texts), width].
        """
        if isinstance(texts, str):
            raise litewright.UserError("texts are a sequence of strings: for one text write [text]")
        encodings = [self._encoding(text, prompt) for text in texts]
        order = sorted(range(len(texts)), key=lambda each: len(encodings[each].ids))
        made = np.empty((len(texts), self.width), np.float32)
        for at in range(0, len(order), self.batch):
            chosen = order[at : at + self.batch]
            made[chosen] = self._run([encodings[each] for each in chosen])
        return made

    def tokens(self, text: Text, *, prompt: str = "") -> list[int]:
        """The tokens that the model sees of a text."""
        return list(self._encoding(text, prompt).ids)

    def _encoding(self, text: Text, prompt: str) -> Any:
        first, second = (text, None) if isinstance(text, str) else text
        lower = str.lower if self._is_lower_case else str
        cut_to(self.tokenizer, self.lengths[-1])
        return self.tokenizer.encode(
            lower(prompt + first), None if second is None else lower(second)
        )

    def _run(self, encodings: Sequence[Any]) -> Array:
        """[len(encodings), width]."""
        longest = max(len(each.ids) for each in encodings)
        length = next(each for each in self.lengths if each >= longest)
        arrays = {name: np.zeros((self.batch, length), np.int32) for name in (_IDS, _MASK, _KINDS)}
        arrays[_IDS][:] = self._padding
        # Rows that no text fills show one token, so that nothing is divided by zero.
        arrays[_MASK][:, 0] = 1
        for row, each in enumerate(encodings):
            count = len(each.ids)
            arrays[_IDS][row, :count] = each.ids
            arrays[_MASK][row, :count] = 1
            arrays[_KINDS][row, :count] = each.type_ids
        inputs = {name: arrays[name] for name in self._inputs}
        made = self._session.run(inputs, self._signatures[length])
        return made[self._output][: len(encodings)]


def _padding(tokenizer: Any, folder: Path) -> int:
    """The number of the token that pads: models that count positions leave it out."""
    told = _told(folder / "tokenizer_config.json", "pad_token")
    name = told if not isinstance(told, dict) else cast("dict[str, Any]", told).get("content")
    number = tokenizer.token_to_id(name) if isinstance(name, str) else None
    if number is None:
        number = _told(folder / "config.json", "pad_token_id")
    return number if isinstance(number, int) else 0


def _told(file: Path, key: str) -> Any:
    """What a description says of something, if it exists and does."""
    if not file.is_file():
        return None
    try:
        return json.loads(file.read_text("utf-8")).get(key)
    except ValueError as error:
        raise litewright.UserError(f"{file}: no JSON: {error}") from error
