"""Ranges of activations: the float program is run on data of the caller, and written on its values."""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from litewright.lowering.tfl_to_flatbuffer import writer
from litewright.passes.core import Pass
from litewright.passes.tfl.activation_plan import candidates
from litewright.passes.tfl.activation_ranges import write_ranges
from litewright.passes.tfl.quantize_state import state_values

from ..cores import cores
from ..diagnostics import UserError
from ..inspect.exposing import Place, exposed
from ..ir import hlo, tfl
from ..ir.mlir import func, ir, op_name
from ..ir.origin import origin_of
from ..ir.program import Program, body_of, input_name, inputs_of
from ..ir.types import dtype_of, element_count, element_of, shape_of
from ..quantize.ranges import Range, RangeChoice, Seen
from ..quantize.recipe import Recipe
from ..runtime import Runner
from ..targets.activation_schemes import ACTIVATION_USES
from .calibration import CalibrationData, named_inputs, samples_by_signature
from .stages import Progress

Array = np.ndarray[Any, np.dtype[Any]]

AT_A_TIME = 256 * 1024 * 1024
"""Bytes of values that a run returns. Where there are more, each sample is run several times."""


@dataclass(frozen=True, eq=False)
class MeasureRanges(Pass[Program]):
    """Finds the ranges of values that a recipe wants as integers, and writes them beside these.

    A signature without samples has the ranges that the same ops have in others. A sample that leaves out state,
    an input that is an output too, goes on where the one before has ended.

    Attributes:
        recipe: which op is quantised how.
        data: the samples.
        progress: told that calibration goes on, and how much of it is done where the samples can be counted.
    """

    recipe: Recipe
    data: CalibrationData
    progress: Progress | None = None

    def run(self, unit: Program) -> bool:
        """See `Pass.run`.

        Raises:
            UserError: there are no samples, or one does not fit its signature or holds NaN.
        """
        wanted = {
            function.name.value: found
            for function in unit.signatures()
            if (found := self._wanted(unit, function))
        }
        if not wanted:
            return False
        count = 0
        ranges: dict[ir.Value, Range] = {}
        for signature, samples in samples_by_signature(unit, self.data).items():
            if signature in wanted:
                function = unit.signature(signature)
                seen = _Measured.of(function, wanted[signature])
                count += self._run(unit, seen, samples)
                ranges |= seen.ranges()
        if not count:
            raise UserError(
                "calibration_data has no samples for the signatures whose activations become integers: "
                f"{', '.join(sorted(wanted))}"
            )
        _lend(unit, ranges, wanted)
        for function in unit.signatures():
            write_ranges(function, ranges)
        return bool(ranges)

    def _wanted(
        self, program: Program, function: func.FuncOp
    ) -> dict[ir.Value, tuple[RangeChoice, str]]:
        """The values that are measured, with how their ranges are found and for which integers."""
        found: dict[ir.Value, tuple[RangeChoice, str]] = {}
        for each in candidates(program, function, self.recipe):
            # What makes a value stands before what reads it, and decides.
            for value in (*each.operands, *each.op.results):
                for one in _with_moved(value):
                    found.setdefault(one, (each.ranges, each.storage))
        if self.recipe.state is not None:
            for value in state_values(function):
                found.setdefault(value, ("min_max", "i8"))
        return found

    def _run(self, unit: Program, seen: _Measured, samples: Iterable[Any]) -> int:
        """Runs a signature on its samples; says how many there were."""
        total = len(samples) if isinstance(samples, Sized) else 0
        number = -1
        state: dict[str, Array] = {}
        with _runners(unit, seen) as runners:
            for number, sample in enumerate(samples):
                if self.progress is not None:
                    self.progress("calibrate", number / total if total else None)
                try:
                    inputs = {**state, **named_inputs(seen.inputs, sample)}
                    _check_finite(inputs)
                    for runner in runners:
                        outputs = runner.run(inputs, seen.signature)
                        seen.look(inputs, outputs)
                        state = {name: outputs[name] for name in seen.inputs if name in outputs}
                except UserError as error:
                    where = f"sample {number} of calibration_data for {seen.signature!r}"
                    raise UserError(f"{where}: {error}") from error
        return number + 1


@dataclass(slots=True, eq=False)
class _Measured:
    """What is looked at while a signature runs.

    Attributes:
        signature: its name.
        inputs: names of its inputs, in order.
        values: by name of what a run returns or takes, the value that it is.
        places: where the interior ones are made, with their sizes in bytes.
        seen: what is remembered of each.
        storages: the integers that each is to become.
    """

    signature: str
    inputs: tuple[str, ...]
    values: dict[str, ir.Value] = field(default_factory=dict[str, ir.Value])
    places: dict[Place, int] = field(default_factory=dict[Place, int])
    seen: dict[str, Seen] = field(default_factory=dict[str, Seen])
    storages: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(
        cls, function: func.FuncOp, wanted: Mapping[ir.Value, tuple[RangeChoice, str]]
    ) -> _Measured:
        """Finds where the values are made."""
        names = {argument: input_name(argument) or "" for argument in inputs_of(function)}
        found = cls(function.name.value, tuple(names.values()))
        for argument, name in names.items():
            if argument in wanted:
                found._add(name, argument, *wanted[argument])
        for index, op in enumerate(body_of(function).operations):
            for number, value in enumerate(op.results):
                if value in wanted:
                    place = Place(index, number)
                    found._add(str(place), value, *wanted[value])
                    size = element_count(shape_of(value)) * dtype_of(value).itemsize
                    found.places[place] = size
        return found

    def _add(self, name: str, value: ir.Value, choice: RangeChoice, storage: str) -> None:
        self.values[name] = value
        self.seen[name] = Seen(choice)
        self.storages[name] = storage

    def look(self, inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> None:
        """Looks at one run. Inputs that it has looked at with another run count once more, which does no harm."""
        for name, array in (*inputs.items(), *outputs.items()):
            if name in self.seen:
                self.seen[name].add(array)

    def ranges(self) -> dict[ir.Value, Range]:
        """The ranges of all values that have one."""
        return {
            value: found
            for name, value in self.values.items()
            if (found := self.seen[name].range(self.storages[name])) is not None
        }


@contextlib.contextmanager
def _runners(unit: Program, seen: _Measured) -> Generator[Sequence[Runner]]:
    """Runners that return all values between them, each no more than fits in memory at a time."""
    with tempfile.TemporaryDirectory(prefix="litewright-") as folder:
        runners: list[Runner] = []
        for number, places in enumerate(_parts(seen.places)):
            path = Path(folder, f"float_{number}.tflite")
            writer.write(exposed(unit, seen.signature, shown=places), path)
            runners.append(Runner(path, threads=cores()))
        yield runners


def _parts(places: Mapping[Place, int]) -> list[list[Place]]:
    parts: list[list[Place]] = [[]]
    size = 0
    for place, own in places.items():
        if parts[-1] and size + own > AT_A_TIME:
            parts.append([])
            size = 0
        parts[-1].append(place)
        size += own
    return parts


def _lend(
    program: Program,
    ranges: dict[ir.Value, Range],
    wanted: Mapping[str, Mapping[ir.Value, tuple[RangeChoice, str]]],
) -> None:
    """Gives values that were not seen the ranges of their like in other signatures: made by the same code."""
    known: dict[_Like, Range] = {}
    likes = {each.name.value: _likes(each) for each in program.signatures()}
    for of_values in likes.values():
        known |= {like: ranges[value] for value, like in of_values.items() if value in ranges}
    for signature, values in wanted.items():
        # In order, so that what an op moves has its range before.
        for value, like in likes[signature].items():
            if value not in values or value in ranges:
                continue
            if like in known:
                ranges[value] = known[like]
            elif (moved := _moved(value, ranges)) is not None:
                ranges[value] = moved


def _moved(value: ir.Value, ranges: Mapping[ir.Value, Range]) -> Range | None:
    """The range of what an op only moves: that of its operands."""
    operands = _moved_values(value)
    if not operands or not all(each in ranges for each in operands):
        return None
    found = [ranges[each] for each in operands]
    return min(low for low, _ in found), max(high for _, high in found)


def _moved_values(value: ir.Value) -> list[ir.Value]:
    """The operands of an op that only moves them; none for any other."""
    op = hlo.producer(value)
    use = ACTIVATION_USES.get(op_name(op).removeprefix("tfl.")) if op is not None else None
    if op is None or use is None or not use.shares:
        return []
    return [op.operands[position] for position in use.positions(len(op.operands))]


def _with_moved(value: ir.Value) -> Iterator[ir.Value]:
    """A value, and what it is moved from: other signatures may move it otherwise."""
    if tfl.is_constant(value) or str(element_of(value)) != "f32":
        return
    for each in _moved_values(value):
        yield from _with_moved(each)
    yield value


_Like = tuple[str, str, int, int]


def _likes(function: func.FuncOp) -> dict[ir.Value, _Like]:
    """Values by what makes them: module and op, how many such ops stand before, and which of the results."""
    found: dict[ir.Value, _Like] = {
        each: ("", input_name(each) or "", 0, 0) for each in inputs_of(function)
    }
    before: Counter[tuple[str, str]] = Counter()
    for op in body_of(function).operations:
        made = origin_of(op.location).name, op_name(op)
        found |= {v: (*made, before[made], number) for number, v in enumerate(op.results)}
        before[made] += 1
    return found


def _check_finite(inputs: Mapping[str, Array]) -> None:
    for name, array in inputs.items():
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise UserError(f"input {name!r} holds NaN")
