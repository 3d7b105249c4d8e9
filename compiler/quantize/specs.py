"""How a weight shall be quantised: a `QuantSpec`, which is data and can be compared, printed and read.

real = scale * q. Weights have no zero point: the kernels of the runtime want it to be 0.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Literal, cast, get_args

from ..diagnostics import UserError

Element = Literal["int2", "int4", "int8", "float16"]
Granularity = Literal["tensor", "channel", "block"]
Algorithm = Literal["min_max", "octav", "mse", "output_mse", "gptq"]
Compute = Literal["integer", "float"]

ELEMENTS: tuple[Element, ...] = get_args(Element)
GRANULARITIES: tuple[Granularity, ...] = get_args(Granularity)
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
COMPUTES: tuple[Compute, ...] = get_args(Compute)

BITS: Mapping[str, int] = MappingProxyType({"int2": 2, "int4": 4, "int8": 8, "float16": 16})

CALIBRATED: frozenset[Algorithm] = frozenset({"output_mse", "gptq"})
"""Algorithms that want to see the inputs of an op."""


@dataclass(frozen=True, slots=True)
class QuantSpec:
    """How one weight is stored, and what a kernel makes of it.

    Attributes:
        element: the type in memory. `float16` is a cast and has neither scales nor an algorithm.
        granularity: what has a scale of its own: the tensor, each output channel, or each block of
            `block_size` inputs of an output channel.
        block_size: elements that share a scale, for blocks; else 0.
        symmetric: whether positive and negative numbers are treated alike. Asymmetric weights are not
            supported by any kernel; the field is there so that recipes can say it and be refused.
        algorithm: how scales and integers are chosen.
        compute: `integer` lets the kernel quantise activations as they come and multiply integers;
            `float` unpacks the weight in front of the op.
    """

    element: Element = "int8"
    granularity: Granularity = "channel"
    block_size: int = 0
    symmetric: bool = True
    algorithm: Algorithm = "min_max"
    compute: Compute = "integer"

    def __post_init__(self) -> None:
        """Checks that the fields go together.

        Raises:
            UserError: an unknown word, or fields that contradict each other.
        """
        check_word("element", self.element, ELEMENTS)
        check_word("granularity", self.granularity, GRANULARITIES)
        check_word("algorithm", self.algorithm, ALGORITHMS)
        check_word("compute", self.compute, COMPUTES)
        if not _is_whole(self.block_size):
            raise UserError(f"block_size is a whole number, not {self.block_size!r}")
        if (self.granularity == "block") != (self.block_size > 0):
            raise UserError(
                f"granularity {self.granularity} with block_size {self.block_size}: blocks want a "
                "positive size, anything else wants 0"
            )
        if not self.symmetric:
            raise UserError(
                "symmetric=False: kernels of the runtime want weights without a zero point"
            )
        if self.element == "float16" and (self.granularity != "tensor" or self.compute != "float"):
            raise UserError(
                "float16 weights have no scales and are unpacked in front of the op: write "
                "QuantSpec(element='float16', granularity='tensor', compute='float')"
            )

    @property
    def bits(self) -> int:
        """Bits of one element."""
        return BITS[self.element]

    @property
    def is_integer(self) -> bool:
        """Whether the weight becomes integers with scales."""
        return self.element != "float16"

    @property
    def scheme(self) -> str:
        """What is stored, without how it was found: `int4 block 32`, `int8 channel`, `float16`."""
        if not self.is_integer:
            return self.element
        size = f" {self.block_size}" if self.block_size else ""
        compute = ", unpacked" if self.compute == "float" else ""
        return f"{self.element} {self.granularity}{size}{compute}"

    def __str__(self) -> str:
        return self.scheme if not self.is_integer else f"{self.scheme}, {self.algorithm}"

    def to_dict(self) -> dict[str, Any]:
        """The fields that differ from a plain `QuantSpec()`, for JSON."""
        plain = QuantSpec()
        kept = {f.name: getattr(self, f.name) for f in fields(self)}
        return {k: v for k, v in kept.items() if k == "element" or v != getattr(plain, k)}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> QuantSpec:
        """The inverse of `to_dict`.

        Raises:
            UserError: an unknown field, or a value that does not fit.
        """
        check_fields("a spec", given, [field.name for field in fields(cls)])
        return cls(**given)


def check_word(what: str, word: object, known: Iterable[str]) -> None:
    """Checks that a word is one of those there are.

    Raises:
        UserError: it is not; the message names the nearest and all of them.
    """
    words = list(known)
    if isinstance(word, str) and word in words:
        return
    near = difflib.get_close_matches(str(word), words, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    raise UserError(f"no {what} {word!r}; {meant}there is {', '.join(words)}")


def check_fields(what: str, given: object, known: Iterable[str]) -> None:
    """Checks that a mapping has no other keys than those there are.

    Raises:
        UserError: it has, or is no mapping.
    """
    if not isinstance(given, Mapping):
        raise UserError(f"{what} is an object with fields, not {given!r}")
    for name in cast("Mapping[object, object]", given):
        check_word(f"field of {what}", name, known)


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number >= 0


FLOAT16 = QuantSpec("float16", "tensor", compute="float")
INT8_CHANNEL = QuantSpec("int8", "channel")
INT4_CHANNEL = QuantSpec("int4", "channel")


def int4_blocks(size: int, algorithm: Algorithm = "min_max") -> QuantSpec:
    """Integers of 4 bits with a scale for each block of `size` inputs."""
    return QuantSpec("int4", "block", size, algorithm=algorithm)
