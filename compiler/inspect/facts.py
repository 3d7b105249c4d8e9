"""What a report on a model says, as plain data: `dataclasses.asdict` of it is ready for JSON."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """An input or output of a signature.

    Attributes:
        name: what the caller calls it.
        dtype: its element type, in MLIR's spelling (`f32`, `qi8` if quantised).
        shape: its dimensions; -1 where the caller chooses.
        scale: real = scale * (q - zero_point), if it is quantised; else None.
        zero_point: the integer that stands for 0, if it is quantised; else None.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float | None = None
    zero_point: int | None = None

    def __str__(self) -> str:
        sizes = ", ".join("?" if size < 0 else str(size) for size in self.shape)
        text = f"{self.name}: {self.dtype}[{sizes}]"
        if self.scale is None:
            return text
        return f"{text}, scale {self.scale:.6g}, zero point {self.zero_point}"


@dataclass(frozen=True, slots=True)
class OpPlacement:
    """An op that the delegate is not expected to take.

    Attributes:
        index: its position among the ops of the signature.
        op: its builtin name (`GATHER`).
        reason: why not.
        origin: the module path and source line behind it, as far as known.
    """

    index: int
    op: str
    reason: str
    origin: str


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """A signature.

    Attributes:
        name: its key.
        inputs: in the caller's order.
        outputs: in the caller's order.
        histogram: builtin names of ops to how often they occur, the most frequent first.
        values: element types of what ops compute (`f32`, `qi8`) to how many results have them.
        ops: how many ops compute something.
        delegated: how many of them the target's delegate takes.
        not_delegated: the others.
    """

    name: str
    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]
    histogram: dict[str, int]
    values: dict[str, int]
    ops: int
    delegated: int
    not_delegated: tuple[OpPlacement, ...]


@dataclass(frozen=True, slots=True)
class WeightFacts:
    """A weight in the form in which the model stores it.

    Attributes:
        symbol: the tensor's name and what was folded into it.
        dtype: its element type, in MLIR's spelling (`f32`, `qi8` if quantised).
        shape: its dimensions.
        bytes: what it takes in the file, without its scales.
        name: of the parameters that it is made from, with the path of their module.
        granularity: what has a scale of its own: `tensor`, `channel` or `block 32`; empty if it is not quantised.
        scale_bytes: what its scales take.
        snr: decibels of the floats that it is made from against what rounding them has lost; infinite for
            nothing, None where it was not asked for or no floats are at hand.
    """

    symbol: str
    dtype: str
    shape: tuple[int, ...]
    bytes: int
    name: str = ""
    granularity: str = ""
    scale_bytes: int = 0
    snr: float | None = None


@dataclass(frozen=True, slots=True)
class SizeFacts:
    """What the model's numbers take, in bytes. Each weight counts once, whoever shares it.

    Attributes:
        weights: all weights.
        constants: all constants inside the module.
        total: both.
        count: how many weights there are.
        largest: the largest weights, in falling order.
    """

    weights: int
    constants: int
    total: int
    count: int
    largest: tuple[WeightFacts, ...]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A report on a model.

    Attributes:
        target: the target whose delegate was asked.
        signatures: in the order of the file.
        sizes: of weights and constants.
    """

    target: str
    signatures: tuple[SignatureFacts, ...]
    sizes: SizeFacts
