"""Tokenizers of the vocabulary of the small decoders, one of each kind: made here, of what has no licence."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import sentencepiece
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from tests.generative.architectures import VOCABULARY

_SPECIAL = ["<unk>", "<s>", "</s>"]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MERGES = ["Ġ t", "h e", "Ġt he", "i n", "a n", "e r", "Ġ a", "o n", "r e", "Ġ s"]
_SENTENCES = (
    "the cat sat on the mat and ate a rat",
    "there is another one in the other corner, an anxious one",
    "pack my box with five dozen liquor jugs.",
    "sphinx of black quartz, judge my vow",
    "what is written here is read nowhere else, and what is read elsewhere is written there",
    "a tokenizer of ninety seven pieces wants more words than two sentences have to give it",
    "some of them are longer, and others are shorter, which makes for pieces of several lengths",
)


def _pieces(space: str, line: str) -> tuple[list[str], list[tuple[str, str]]]:
    """A whole vocabulary and its merges; `space` and `line` stand for a space and the end of a line."""
    merges = [(a.replace("Ġ", space), b) for a, b in (each.split() for each in _MERGES)]
    marks = "0123456789.,:;!?()-_=+/*'\""
    pieces = [*_SPECIAL, space, line, *_LETTERS, *_LETTERS.upper(), *marks]
    pieces += [a + b for a, b in merges]
    pieces += [f"{space}w{number}" for number in range(VOCABULARY)]
    return pieces[:VOCABULARY], merges


def byte_level() -> Tokenizer:
    """Pairs of bytes, as GPT-2 has it."""
    pieces, merges = _pieces("Ġ", "Ċ")
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    return made


def metaspace() -> Tokenizer:
    """Pairs of letters with marks for spaces and a token in front, as Llama 2 has it."""
    pieces, merges = _pieces("▁", "\n")
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, unk_token="<unk>"))
    made.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return _with_start(made)


def unigram() -> Tokenizer:
    """Pieces by their likelihood, as T5 has it, with a token in front."""
    pieces, _ = _pieces("▁", "\n")
    scored = [(piece, -0.1 * (VOCABULARY - number)) for number, piece in enumerate(pieces)]
    made = Tokenizer(models.Unigram(scored, unk_id=0))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    return _with_start(made)


def _with_start(made: Tokenizer) -> Tokenizer:
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    return made


KINDS: dict[str, Callable[[], Tokenizer]] = {
    "byte level": byte_level,
    "metaspace": metaspace,
    "unigram": unigram,
}


def write_tokenizer(folder: Path, kind: str) -> None:
    """Puts a tokenizer into a checkpoint folder as transformers lays it out."""
    made = KINDS[kind]()
    made.add_special_tokens(_SPECIAL)
    made.save(str(folder / "tokenizer.json"))
    _write_facts(folder, "PreTrainedTokenizerFast")


def write_sentencepiece(folder: Path) -> None:
    """Puts a SentencePiece model into a checkpoint folder."""
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_SENTENCES),
        model_writer=made,
        vocab_size=VOCABULARY,
        model_type="bpe",
        minloglevel=2,
    )
    (folder / "tokenizer.model").write_bytes(made.getvalue())
    _write_facts(folder, "LlamaTokenizer")


def _write_facts(folder: Path, kind: str) -> None:
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": kind, **names}))
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": 2}))
