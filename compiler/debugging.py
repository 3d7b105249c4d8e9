"""Public calls that look into conversions: what went wrong in one, and what two have in common."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from .api import DEFAULT_SIGNATURE, Converter, EdgeModel, Passes
from .diagnostics import UserError
from .driver.bisect import Bisection, Choice, bisect_program, bisect_requests
from .driver.extensions import Extensions, effective, plan_for
from .driver.opt import load
from .driver.options import Options, Weights, target_of
from .driver.plan import PassPlan
from .driver.quantization import QuantConfig, with_recipe
from .driver.request import ExportedRequest, ModuleRequest, Request
from .driver.stages import Progress
from .inspect.diff import diff as compare
from .inspect.diff_facts import ModelDiff
from .ir.mlir import Array
from .ir.program import Program
from .targets import Target

if TYPE_CHECKING:
    import torch


def bisect(
    source: torch.nn.Module
    | Converter
    | torch.export.ExportedProgram
    | Mapping[str, torch.export.ExportedProgram]
    | str
    | os.PathLike[str],
    sample_args: Sequence[Any] | None = None,
    sample_kwargs: Mapping[str, Any] | None = None,
    *,
    inputs: Mapping[str, Array] | None = None,
    use_samples: bool = False,
    seed: int = 0,
    tolerance: float | None = None,
    target: str | Target = "cpu",
    quant_config: QuantConfig | None = None,
    passes: Passes | None = None,
    composites: Sequence[object] = (),
    weights: Weights | None = None,
    progress: Progress | None = None,
) -> Bisection:
    """Finds the first pass, lowering or runtime step that makes numbers wrong, and the op and rule in it.

    Every step is run on the same inputs: the captured graph in eager torch, StableHLO on XLA, tfl on LiteRT,
    and at the end the whole file without and with the delegate.

    Args:
        source: a module with its sample arguments; `litewright.signature(...)` with one or more signatures; an
            exported program, or several by signature; or a file: a .tflite, of which only the runtime's steps are
            left, a dump (.mlir), from which on all steps are repeated, or a folder of dumps, the first of them.
        sample_args: positional sample arguments of the module.
        sample_kwargs: its keyword arguments.
        inputs: arrays by input name. Floating-point inputs that are not given are random numbers, others are
            those of the samples.
        use_samples: whether the sample arguments are used as they are.
        seed: of the random numbers.
        tolerance: the largest error that is taken for rounding, relative to the largest element of a result; by
            default 1e-4, and more for results of 16 bits.
        target: as for `litewright.convert`.
        quant_config: as for `litewright.convert`. Weights of fewer bits make other numbers: give a `tolerance`.
        passes: as for `litewright.convert`.
        composites: as for `litewright.convert`.
        weights: as for `litewright.convert`.
        progress: told of every step.

    Returns:
        The errors of all steps that were run, and the culprit. `str` of it is a report, `write_reproducer` makes
        a script of it.

    Raises:
        UserError: as `litewright.convert`, or inputs that do not fit.
    """
    extensions = effective().plus(Extensions(composites=tuple(composites)))
    extensions.check()
    options = Options(
        weights=weights,
        target=target_of(target, extensions),
        plan=with_recipe(plan_for(passes, extensions), quant_config),
        extensions=extensions,
        progress=progress,
    )
    choice = Choice(inputs or {}, use_samples, seed)
    if isinstance(source, str | os.PathLike):
        return _bisect_file(Path(source), options, choice, tolerance)
    requests = _requests(source, sample_args, sample_kwargs)
    return bisect_requests(requests, options, choice, tolerance)


def diff(
    a: str | os.PathLike[str] | EdgeModel,
    b: str | os.PathLike[str] | EdgeModel,
    *,
    values: bool = True,
) -> ModelDiff:
    """Compares two models, or two stages of one: which ops are the same, changed, or in one alone.

    Ops are aligned by their origin, module path and label, and where that does not help by kind and types.

    Args:
        a: a .tflite of any tool, a dump (.mlir), or a model.
        b: the same.
        values: whether the numbers of weights are compared too. Dumps hold none.

    Raises:
        UserError: there is no such file.
        FormatError: it is not sound.
    """
    sides = [_Side.of(each) for each in (a, b)]
    has_values = values and all(side.has_values for side in sides)
    return compare(sides[0].program, sides[1].program, values=has_values)


@dataclass(frozen=True, slots=True)
class _Side:
    program: Program
    has_values: bool

    @classmethod
    def of(cls, given: str | os.PathLike[str] | EdgeModel) -> _Side:
        if isinstance(given, EdgeModel):
            return cls(given.program, has_values=True)
        path = Path(given)
        notes: list[str] = []
        return cls(load(path, notes.append), path.suffix == ".tflite")


def _requests(
    source: Any, sample_args: Sequence[Any] | None, sample_kwargs: Mapping[str, Any] | None
) -> Sequence[Request]:
    if isinstance(source, Converter):
        return source.requests
    if isinstance(source, Mapping):
        programs = cast("Mapping[str, Any]", source)
        return [ExportedRequest(name, each) for name, each in programs.items()]
    if not hasattr(source, "forward"):
        return [ExportedRequest(DEFAULT_SIGNATURE, source)]
    args, kwargs = tuple(sample_args or ()), dict(sample_kwargs or {})
    return [ModuleRequest(DEFAULT_SIGNATURE, source, args, kwargs)]


def _bisect_file(
    path: Path, options: Options, choice: Choice, tolerance: float | None
) -> Bisection:
    notes: list[str] = []
    program = load(_first_dump(path) if path.is_dir() else path, notes.append)
    if path.suffix == ".tflite":
        options = replace(options, plan=PassPlan())
    found = bisect_program(program, options, choice, tolerance)
    return replace(found, notes=(*notes, *found.notes))


def _first_dump(folder: Path) -> Path:
    dumps = sorted(folder.glob("[0-9]*.mlir"))
    if not dumps:
        raise UserError(f"{folder} holds no dumps; `litewright convert --dump-ir` writes them")
    return dumps[0]
