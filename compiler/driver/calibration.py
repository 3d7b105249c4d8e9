"""Calibration: the float program is run on data of the caller, and what meets each weight is measured."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np

from litewright.lowering.tfl_to_flatbuffer import writer
from litewright.passes.core import Pass
from litewright.passes.tfl.quantize_weights import calibrated_inputs

from ..diagnostics import UserError
from ..inspect.exposing import Place, exposed
from ..ir.mlir import func, ir
from ..ir.program import Program, body_of, input_name, inputs_of
from ..quantize.algebra import gram
from ..quantize.recipe import Recipe
from ..quantize.tensors import cores
from ..runtime import Runner
from ..weights.store import ArraySource
from .stages import Progress

Array = np.ndarray[Any, np.dtype[Any]]

CalibrationData = Iterable[Any] | Mapping[str, Iterable[Any]]
"""Samples; or samples by signature, where there are several. A sample is a tuple of a signature's inputs,
or a mapping of its names to inputs."""


@dataclass(frozen=True, eq=False)
class MeasureInputs(Pass[Program]):
    """Sums up the second moments of what meets the weights that a recipe wants calibrated.

    The program is not changed. The moments go to the store of weights, where the integers are made of them.

    Attributes:
        recipe: which weight is quantised how.
        data: the samples.
        progress: told that calibration goes on.
    """

    recipe: Recipe
    data: CalibrationData
    progress: Progress | None = None

    def run(self, unit: Program) -> bool:
        """See `Pass.run`.

        Raises:
            UserError: there are no samples, or one does not fit its signature.
        """
        met = calibrated_inputs(unit, self.recipe)
        if not met:
            return False
        totals: dict[str, Array] = {}
        for signature, samples in samples_by_signature(unit, self.data).items():
            if signature in met:
                seen = _Seen.of(unit.signature(signature), met[signature])
                self._run(unit, seen, samples, totals)
        if not totals:
            raise UserError(
                "calibration_data has no samples for the signatures that multiply by calibrated weights: "
                f"{', '.join(sorted(met))}"
            )
        for name, total in totals.items():
            unit.weights.add(name, ArraySource(total))
        return False

    def _run(
        self, unit: Program, seen: _Seen, samples: Iterable[Any], totals: dict[str, Array]
    ) -> None:
        """Runs a signature on its samples, and adds to the totals."""
        with tempfile.TemporaryDirectory(prefix="litewright-") as folder:
            path = Path(folder, "float.tflite")
            writer.write(exposed(unit, seen.signature, shown=list(seen.places)), path)
            runner = Runner(path, threads=cores())
            for number, sample in enumerate(samples):
                if self.progress is not None:
                    self.progress("calibrate", None)
                try:
                    inputs = named_inputs(seen.inputs, sample)
                    outputs = runner.run(inputs, seen.signature)
                except UserError as error:
                    where = f"sample {number} of calibration_data for {seen.signature!r}"
                    raise UserError(f"{where}: {error}") from error
                for place, names in seen.places.items():
                    _add(totals, names, outputs[str(place)])
                for name, names in seen.direct.items():
                    _add(totals, names, inputs[name])


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


def _add(totals: dict[str, Array], names: Iterable[str], value: Array) -> None:
    rows = value.reshape(-1, value.shape[-1]).astype(np.float32, copy=False)
    moments = gram(np.ascontiguousarray(rows))
    for name in names:
        totals[name] = totals[name] + moments if name in totals else moments
