"""What a bisection has found, as data and as text."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from litewright.compiler.inspect.differences import Difference

if TYPE_CHECKING:
    from .case import Case

# Why there is no op to name, by the kind of the step.
_UNSEARCHED = {
    "capture": "what torch.export has recorded is not what the module computes when it is called: look for "
    "code that asks whether it is being exported, and for state",
    "file": "a file of this signature alone is right: what the signatures share has gone wrong",
}
# Of a program, in a report.
_MOST_LINES = 40


@dataclass(frozen=True, slots=True)
class OpFacts:
    """An op.

    Attributes:
        op: its name (`stablehlo.tanh`, `aten.tanh.default`).
        module: path of the module that it comes from; empty for the top module.
        source: file and line of the user's code, if known.
        origin: both, as messages print them.
    """

    op: str
    module: str
    source: str
    origin: str

    def __str__(self) -> str:
        return f"{self.op}, from {self.origin}"


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule that applied.

    Attributes:
        rule: its name.
        root: the op that it replaced.
    """

    rule: str
    root: OpFacts

    def __str__(self) -> str:
        return f"{self.rule} at {self.root}"


@dataclass(frozen=True, slots=True)
class Region:
    """A small program in which the step goes wrong.

    Attributes:
        op: the first op of the whole program whose result the step makes wrong. Where no small part of it is wrong by
            itself, the first one whose value is another, aligned by origin.
        ops: the ops that are needed for it, in order.
        rules: what applied in it, in order.
        difference: of the results of the region, computed from exact inputs.
        before: its text; empty if it is the whole program.
        after: its text after the step; empty where the step leaves the program as it is.
    """

    op: OpFacts
    ops: tuple[OpFacts, ...]
    rules: tuple[Applied, ...]
    difference: Difference
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Culprit:
    """The first step that makes a signature's results wrong.

    Attributes:
        signature: the signature.
        step: the step, as the table of errors names it.
        kind: `capture`, `pass`, `lowering`, `file` or `delegate`.
        name: the pass, or the level that is lowered to.
        difference: of the results of the whole signature, after the step.
        delegate_agrees: for steps that end on LiteRT: whether the numbers are right with the delegate.
        region: where in the program; None where the step cannot be taken apart.
    """

    signature: str
    step: str
    kind: str
    name: str
    difference: Difference
    delegate_agrees: bool | None = None
    region: Region | None = None


@dataclass(frozen=True, slots=True)
class StepError:
    """How far the results of a signature are off after a step.

    Attributes:
        signature: the signature.
        step: `capture`, `pass NAME (STAGE)`, `lower to STAGE`, `file`, `delegate`.
        error: as `Difference.error`; None where the step has changed nothing.
        refused: what the runtime said, if it did not run.
    """

    signature: str
    step: str
    error: float | None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Bisection:
    """What was run, and what was found.

    Attributes:
        tolerance: errors up to this are taken for rounding.
        errors: of every step that was run.
        culprit: the first that is wrong; None if all agree.
        notes: what the reader should know of the inputs.
    """

    tolerance: float
    errors: tuple[StepError, ...]
    culprit: Culprit | None = None
    notes: tuple[str, ...] = ()
    case: Case | None = field(default=None, repr=False, compare=False)

    def as_json(self) -> dict[str, Any]:
        """All but the case, as data that JSON can hold: an infinite error is null."""
        return {
            "tolerance": self.tolerance,
            "errors": [_plain(asdict(each)) for each in self.errors],
            "culprit": None if self.culprit is None else _plain(asdict(self.culprit)),
            "notes": list(self.notes),
        }

    def write_reproducer(self, path: str | os.PathLike[str]) -> list[Path]:
        """Writes a small Python file that exits with 1 while what was found is wrong.

        Returns:
            The files written: beside the script one with its text or numbers, if they are long.

        Raises:
            UserError: nothing was found, or no part of the model is wrong by itself.
            WriteError: a file cannot be written.
        """
        from .reproducer import write_reproducer

        return write_reproducer(self, Path(path))

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in cast("dict[str, Any]", value).items()}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in cast("list[Any]", value)]
    return value


def _lines(found: Bisection) -> Iterator[str]:
    signatures = list(dict.fromkeys(each.signature for each in found.errors))
    for signature in signatures:
        yield f"signature {signature}: error after each step"
        own = [each for each in found.errors if each.signature == signature]
        yield from _table(own, found.tolerance)
    yield from (f"note: {note}" for note in found.notes)
    if found.culprit is None:
        yield f"no step leaves the tolerance of {found.tolerance:g}"
    else:
        yield from _culprit_lines(found.culprit, found.tolerance)


def _table(steps: Sequence[StepError], tolerance: float) -> Iterator[str]:
    """A line per step; steps that change nothing are counted."""
    width = max(len(each.step) for each in steps)
    for idle, group in itertools.groupby(steps, lambda each: each.error is None):
        if idle:
            count = sum(1 for _ in group)
            yield f"  ({count} pass{'es' if count > 1 else ''} that changed nothing)"
        else:
            yield from (f"  {each.step:{width}}  {_error(each, tolerance)}" for each in group)


def _error(each: StepError, tolerance: float) -> str:
    if each.refused:
        return "does not run"
    assert each.error is not None, "it changed something"
    return f"{each.error:.2e}" + ("  <-- wrong" if each.error > tolerance else "")


def _culprit_lines(culprit: Culprit, tolerance: float) -> Iterator[str]:
    yield ""
    yield f"first wrong: {culprit.step}, in signature {culprit.signature}"
    yield f"  {culprit.difference}"
    if culprit.delegate_agrees is not None:
        yield (
            "  with the delegate the numbers are right: a kernel of the runtime, or what it was given"
            if culprit.delegate_agrees
            else "  with the delegate they are wrong too"
        )
    region = culprit.region
    if region is None:
        yield f"  {_UNSEARCHED.get(culprit.kind, 'no part of the signature is wrong by itself')}"
        return
    yield f"first wrong op: {region.op.op}"
    yield f"  module  {region.op.module or '(the top module)'}"
    yield f"  source  {region.op.source or 'unknown'}"
    yield from _rule_lines(region)
    yield f"  by itself: {region.difference}"
    if region.difference.error <= tolerance:
        yield "  which is within the tolerance: rounding of many ops adds up, none is wrong"
    for title, text in (("before", region.before), ("after", region.after)):
        if text:
            yield f"{title}:"
            yield from _shortened(text)


def _shortened(text: str) -> Iterator[str]:
    lines = text.splitlines()
    yield from (f"  {line}" for line in lines[:_MOST_LINES])
    if len(lines) > _MOST_LINES:
        yield f"  ... and {len(lines) - _MOST_LINES} more lines (--json has all)"


def _rule_lines(region: Region) -> Iterator[str]:
    rules = list(dict.fromkeys(region.rules))
    label = "rule    " if len(rules) == 1 else "rules   "
    for each in rules:
        yield f"  {label}{each}"
        label = "        "
