"""Which models are measured, and by whom they are converted: data, no code that needs torch."""

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """A converter, or a converter with an option that changes what it costs."""

    LITEWRIGHT = "litewright"
    PEER = "litert-torch"
    PEER_LIGHTWEIGHT = "litert-torch lightweight"

    @property
    def in_peer_environment(self) -> bool:
        return self is not Side.LITEWRIGHT


@dataclass(frozen=True, slots=True)
class Case:
    """A model, as a row of the table below.

    `model` names a builder of `benchmarks.worker.models`; `size` is the sequence length of an
    encoder, or the number of layers of a decoder. A decoder has two signatures, prefill and decode;
    every other model has one. Cases that are not `default` run when they are named.
    """

    name: str
    title: str
    model: str
    size: int = 0
    sides: tuple[Side, ...] = tuple(Side)
    default: bool = True
    large: bool = False

    @property
    def is_decoder(self) -> bool:
        return self.model in {"tinyllama", "tiny-decoder"}


CASES = (
    Case("sentence-encoder", "Sentence encoder (MiniLM-L6, 1 x 128)", "sentence-encoder", 128),
    Case("resnet18", "ResNet-18 (1 x 3 x 224 x 224)", "resnet18"),
    Case("bert-base", "BERT-base (1 x 128)", "bert-base", 128),
    Case("decoder-4", "TinyLlama widths, 4 layers", "tinyllama", 4),
    Case("decoder-22", "TinyLlama-1.1B, 22 layers", "tinyllama", 22, large=True),
    Case("decoder-tiny", "A tiny decoder, 2 layers", "tiny-decoder", 2, default=False),
)

PREFILL_LENGTH = 128
CACHE_LENGTH = 512
DECODE_STEPS = 4
"""Tokens decoded after the prefill when the error is measured."""


def select(names: tuple[str, ...], *, large: bool) -> list[Case]:
    """The cases called `names`, or the default ones; the large ones only where asked."""
    unknown = set(names) - {case.name for case in CASES}
    if unknown:
        raise ValueError(f"no case called {', '.join(sorted(unknown))}")
    if names:
        return [case for case in CASES if case.name in names]
    return [case for case in CASES if case.default and (large or not case.large)]
