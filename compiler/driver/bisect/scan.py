"""The search along the steps of a conversion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from litewright.compiler.diagnostics import UserError
from litewright.compiler.inspect.differences import Difference, tolerance_for, worst
from litewright.compiler.ir.program import Program

from ..loading import stage_of
from ..options import Options
from ..request import Request, check_fixed_sizes
from ..running import run_stage
from .case import REFUSED, Case, Inputs, difference_after
from .findings import Bisection, Culprit, StepError
from .samples import Choice, inputs_for, notes_on, reference_of, samples_of
from .search import Search
from .steps import Recorder, Step, record, record_program, steps_of


@dataclass(frozen=True, slots=True)
class _Trial:
    """A signature with what it is run on and what it should give."""

    name: str
    inputs: Inputs
    expected: Inputs


def bisect_requests(
    requests: Sequence[Request], options: Options, choice: Choice, tolerance: float | None = None
) -> Bisection:
    """Finds the first step of a conversion after which results are wrong, and the first op in it.

    Args:
        requests: the signatures. What their modules return in eager torch is what is right; where parameters are
            on the meta device, or all that is given is an exported program, the captured graph is.
        options: of the conversion.
        choice: what the signatures are run on.
        tolerance: the largest error, as `Difference` measures it, that is taken for rounding; by default what
            rounding explains in a model of the element types that come out.

    Raises:
        UserError: as a conversion does, if nothing is wrong before; or inputs that do not fit.
    """
    check_fixed_sizes(requests, "bisect")
    recorder = record(requests, options)

    def trials() -> Iterator[_Trial]:
        for request in requests:
            if not recorder.records(request.name):
                continue
            start = recorder.start(request.name)
            inputs = inputs_for(start, request.name, choice, samples_of(request))
            expected = reference_of(request, start, inputs)
            yield _Trial(
                request.name, inputs, expected or _run(recorder, request.name, inputs, options)
            )

    return _bisect(recorder, trials(), options, tolerance)


def bisect_program(
    program: Program, options: Options, choice: Choice, tolerance: float | None = None
) -> Bisection:
    """The same from a program on: passes, the lowering to tfl if it is StableHLO, the file, the delegate.

    What the program computes as it is, is what is right. The program is changed.
    """
    recorder = record_program(program, options)

    def trials() -> Iterator[_Trial]:
        for name in recorder.signatures():
            inputs = inputs_for(recorder.start(name), name, choice, ())
            yield _Trial(name, inputs, _run(recorder, name, inputs, options))

    return _bisect(recorder, trials(), options, tolerance)


def _run(recorder: Recorder, signature: str, inputs: Inputs, options: Options) -> Inputs:
    first = next(steps_of(recorder, signature, options))
    return run_stage(first.after, signature, inputs, weights=first.weights)


def _bisect(
    recorder: Recorder, trials: Iterator[_Trial], options: Options, tolerance: float | None
) -> Bisection:
    errors: list[StepError] = []
    notes: list[str] = []
    used = tolerance or 0.0
    for trial in trials:
        used = max(used, tolerance_for(trial.expected)) if tolerance is None else tolerance
        notes += notes_on(trial.name, trial.expected)
        steps = list(steps_of(recorder, trial.name, options))
        found = _Scan(steps, trial.expected, trial.inputs, used, options, errors).run()
        if found is not None:
            notes += _failure_notes(recorder)
            return Bisection(used, tuple(errors), found[0], tuple(notes), found[1])
    if recorder.failure is not None:
        raise recorder.failure
    return Bisection(used, tuple(errors), None, tuple(notes))


def _failure_notes(recorder: Recorder) -> Iterator[str]:
    if recorder.failure is not None:
        first = (str(recorder.failure).splitlines() or [""])[0]
        yield f"the conversion failed later: {type(recorder.failure).__name__}: {first}"


@dataclass(slots=True)
class _Scan:
    """One signature, step by step."""

    steps: Sequence[Step]
    expected: Inputs
    inputs: Inputs
    tolerance: float
    options: Options
    errors: list[StepError]

    def run(self) -> tuple[Culprit, Case | None] | None:
        """Runs every step until one is wrong."""
        for step in self.steps:
            signature, label = step.signature, step.label
            if not step.changed:
                self.errors.append(StepError(signature, label, None))
                continue
            if self.options.progress is not None:
                self.options.progress(f"{signature}: {label}", None)
            difference = difference_after(
                step, step.after, self.inputs, self.expected, self.tolerance
            )
            refused = difference.actual if difference.name == REFUSED else ""
            self.errors.append(StepError(signature, label, difference.error, refused))
            if difference.error > self.tolerance:
                return self._explain(step, difference)
        return None

    def _explain(self, step: Step, difference: Difference) -> tuple[Culprit, Case | None]:
        if self.options.progress is not None:
            self.options.progress("search for the first op", None)
        search = Search(step, self.inputs, self.tolerance, self.options)
        found = search.run()
        region, case = found if found is not None else (None, None)
        agrees = None
        if isinstance(step.after, Program) and step.kind in ("pass", "lowering"):
            agrees = self._delegate_agrees(step)
        return Culprit(
            step.signature, step.label, step.kind, step.name, difference, agrees, region
        ), case

    def _delegate_agrees(self, step: Step) -> bool | None:
        assert isinstance(step.after, Program), "only programs run on LiteRT"
        if stage_of(step.after) != "tfl":
            return None
        try:
            actual = step.run_after(step.after, self.inputs, delegate=True)
        except UserError:
            return None
        found = worst(self.expected, actual, self.tolerance)
        return found is None or found.error <= self.tolerance
