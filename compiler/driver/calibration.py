"""Calibration: the float program is run on data of the caller, and what meets each weight is measured."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np

from litewright.lowering.tfl_to_flatbuffer import writer
from litewright.passes.core import Pass
from litewright.passes.tfl.quantize_weights import calibrated_inputs

from ..cores import cores
from ..diagnostics import UserError
from ..inspect.exposing import Place, cut, exposed
from ..ir.mlir import func, ir
from ..ir.program import Program, body_of, input_name, inputs_of
from ..quantize.recipe import Recipe
from ..runtime import Runner
from .moments import Moments
from .pieces import AT_A_TIME, Piece, pieces_of
from .stages import Progress

Array = np.ndarray[Any, np.dtype[Any]]

CalibrationData = Iterable[Any] | Mapping[str, Iterable[Any]]
"""Samples; or samples by signature, where there are several. A sample is a tuple of a signature's inputs,
or a mapping of its names to inputs."""


@dataclass(frozen=True, eq=False)
class MeasureInputs(Pass[Program]):
    """Sums up the second moments of what meets the weights that a recipe wants calibrated.

    The program is not changed. The moments go to the store of weights, where the integers are made of them; they
    lie in files until then. A large model is run a piece at a time, all samples through one before the next.

    Attributes:
        recipe: which weight is quantised how.
        data: the samples.
        progress: told that calibration goes on.
        at_a_time: bytes of float weights that are in memory at a time.
    """

    recipe: Recipe
    data: CalibrationData
    progress: Progress | None = None
    at_a_time: int = AT_A_TIME

    def run(self, unit: Program) -> bool:
        """See `Pass.run`.

        Raises:
            UserError: there are no samples, or one does not fit its signature, or makes NaN or infinity.
        """
        met = calibrated_inputs(unit, self.recipe)
        if not met:
            return False
        moments = Moments()
        for signature, samples in samples_by_signature(unit, self.data).items():
            if signature in met:
                seen = _Seen.of(unit.signature(signature), met[signature])
                self._measure(unit, seen, samples, moments)
        if not moments.sources:
            raise UserError(
                "calibration_data has no samples for the signatures that multiply by calibrated weights: "
                f"{', '.join(sorted(met))}"
            )
        for name, source in moments.sources.items():
            unit.weights.add(name, source)
        return False

    def _measure(
        self, unit: Program, seen: _Seen, samples: Iterable[Any], moments: Moments
    ) -> None:
        """Runs a signature on its samples, whole or in pieces, and adds to the moments."""
        function = unit.signature(seen.signature)
        pieces = pieces_of(function, list(seen.places), self.at_a_time)
        with tempfile.TemporaryDirectory(prefix="litewright-") as folder:
            runs = _Runs(unit, seen, moments, Path(folder), self.progress)
            if pieces is None:
                runs.whole(samples)
                return
            held = runs.held(samples)
            for piece in pieces:
                runs.piece(piece, held)


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """A signature, run on samples.

    Attributes:
        unit: the program.
        seen: what is looked at.
        moments: what is added to.
        folder: for files.
        progress: told that calibration goes on.
    """

    unit: Program
    seen: _Seen
    moments: Moments
    folder: Path
    progress: Progress | None

    def whole(self, samples: Iterable[Any]) -> None:
        """All of it on one sample after another."""
        seen = self.seen
        runner = self._runner(exposed(self.unit, seen.signature, shown=list(seen.places)))
        for number, sample in enumerate(samples):
            with self._told(number):
                inputs = named_inputs(seen.inputs, sample)
                made = runner.run(inputs, seen.signature)
                seen.look(inputs, seen.direct, self.moments)
                seen.look(made, seen.places, self.moments)
        self.moments.settle()

    def held(self, samples: Iterable[Any]) -> _Held:
        """The inputs of all samples, on disk."""
        held = _Held(self.folder)
        for number, sample in enumerate(samples):
            with self._told(number):
                inputs = named_inputs(self.seen.inputs, sample)
                if inputs.keys() != set(self.seen.inputs):
                    own = ", ".join(self.seen.inputs)
                    raise UserError(f"inputs {', '.join(inputs)}; the signature has {own}")
                self.seen.look(inputs, self.seen.direct, self.moments)
            held.keep(number, inputs)
        self.moments.settle()
        return held

    def piece(self, piece: Piece, held: _Held) -> None:
        """A piece on all samples, from what the pieces before it have made."""
        ends = [*piece.ends, *(each for each in piece.shown if each not in piece.ends)]
        if not ends:
            return
        name = self.seen.signature
        runner = self._runner(cut(self.unit, name, ends=ends, starts=piece.starts))
        read = [each.name for each in runner.signature(name).inputs]
        kept = {*self.seen.inputs, *map(str, piece.kept)}
        for number in range(held.count):
            values = held.read(number)
            with self._told(number):
                made = runner.run({each: values[each] for each in read}, name)
                self.seen.look(made, piece.shown, self.moments)
            held.keep(number, {k: v for k, v in {**values, **made}.items() if k in kept})
        self.moments.settle()

    def _runner(self, model: Program) -> Runner:
        path = self.folder / "float.tflite"
        writer.write(model, path)
        return Runner(path, threads=cores())

    @contextlib.contextmanager
    def _told(self, number: int) -> Generator[None]:
        """Tells that a sample is run; what goes wrong says with which.

        Raises:
            UserError: with the sample in front.
        """
        if self.progress is not None:
            self.progress("calibrate", None)
        try:
            yield
        except UserError as error:
            where = f"sample {number} of calibration_data for {self.seen.signature!r}"
            raise UserError(f"{where}: {error}") from error


@dataclass(slots=True, eq=False)
class _Held:
    """Values of samples between two pieces, on disk.

    Attributes:
        folder: where.
        count: how many samples there are.
    """

    folder: Path
    count: int = 0

    def keep(self, number: int, values: Mapping[str, Array]) -> None:
        np.savez(self._path(number), allow_pickle=False, **values)
        self.count = max(self.count, number + 1)

    def read(self, number: int) -> dict[str, Array]:
        with np.load(self._path(number)) as values:
            return dict(values)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number}.npz"


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What is looked at while a signature runs.

    Attributes:
        signature: its name.
        inputs: names of its inputs, in order.
        places: names of moments by the interior value that they are moments of.
        direct: the same by input of the signature.
    """

    signature: str
    inputs: tuple[str, ...]
    places: dict[Place, set[str]] = field(default_factory=dict[Place, set[str]])
    direct: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    @classmethod
    def of(cls, function: func.FuncOp, met: Sequence[tuple[str, ir.Value]]) -> _Seen:
        """Finds where the values are made."""
        inputs = {argument: input_name(argument) or "" for argument in inputs_of(function)}
        made: dict[ir.Value, Place] = {
            value: Place(index, number)
            for index, op in enumerate(body_of(function).operations)
            for number, value in enumerate(op.results)
        }
        seen = cls(function.name.value, tuple(inputs.values()))
        for name, value in met:
            if value in made:
                seen.places.setdefault(made[value], set()).add(name)
            else:
                direct = next(own for argument, own in inputs.items() if argument == value)
                seen.direct.setdefault(direct, set()).add(name)
        return seen

    def look(
        self, values: Mapping[str, Array], wanted: Iterable[Place | str], moments: Moments
    ) -> None:
        """Adds some of the values of a run to the moments.

        Args:
            values: by name of the input, or text of the place.
            wanted: places, or names of inputs.
            moments: what is added to.
        """
        for each in wanted:
            names = self.places[each] if isinstance(each, Place) else self.direct[each]
            moments.add(names, values[str(each)])


def replayable(data: CalibrationData) -> CalibrationData:
    """Data that can be gone through more than once: what can not is held in memory."""
    if isinstance(data, Mapping):
        given = cast("Mapping[str, Iterable[Any]]", data)
        return {name: _kept(samples) for name, samples in given.items()}
    return _kept(data)


def _kept(samples: Iterable[Any]) -> Iterable[Any]:
    return list(samples) if isinstance(samples, Iterator) else samples


def samples_by_signature(program: Program, data: CalibrationData) -> Mapping[str, Iterable[Any]]:
    """Samples by signature.

    Raises:
        UserError: it is not said which samples are whose, or a signature does not exist.
    """
    names = [function.name.value for function in program.signatures()]
    if isinstance(data, Mapping):
        given = cast("Mapping[str, Iterable[Any]]", data)
        unknown = [name for name in given if name not in names]
        if unknown:
            raise UserError(
                f"calibration_data is for {unknown[0]!r}; the signatures are {', '.join(names)}"
            )
        return given
    if not isinstance(cast("object", data), Iterable):
        raise UserError(
            "calibration_data is an iterable of samples, or a mapping of these by signature"
        )
    if len(names) > 1:
        raise UserError(
            "there are several signatures: give calibration_data as {signature: samples}, for any of "
            f"{', '.join(names)}"
        )
    return {names[0]: data}


def named_inputs(names: Sequence[str], sample: Any) -> dict[str, Array]:
    """The inputs of a sample by name.

    Raises:
        UserError: it is neither a sequence nor a mapping of inputs, or there are too many or too few.
    """
    if isinstance(sample, Mapping):
        given = cast("Mapping[str, Any]", sample)
        return {name: np.asarray(value) for name, value in given.items()}
    if not isinstance(sample, tuple | list):
        kind = type(sample).__name__
        raise UserError(
            f"a sample is a tuple of inputs or a mapping of names to inputs, not {kind}"
        )
    values = cast("Sequence[Any]", sample)
    if len(values) != len(names):
        raise UserError(f"{len(values)} inputs, the signature has {len(names)}: {', '.join(names)}")
    return {name: np.asarray(value) for name, value in zip(names, values, strict=True)}
