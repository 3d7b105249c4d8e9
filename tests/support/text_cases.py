"""Cases for passes, written as MLIR text with FileCheck lines beside it, on StableHLO and on tfl.

The first line of a file is the command that reproduces it; the last pass it names is the one under test,
those before it prepare the program. The file is named after it (`simplify.mlir`, `simplify.movement.mlir`).
Cases are separated by `// -----`:

    // RUN: litewright opt %s -p simplify
    // CASE: two transposes become one
    func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> { ... }
    // CHECK: stablehlo.transpose
    // CHECK-NOT: stablehlo.transpose

What is expected of a case is written as FileCheck lines, or as `// UNCHANGED` where the pass leaves the
program alone, or as

    // DECLINES(merged-reshape): the operand is no reshape

which says that the rule (or pass) of that name gives this reason, before the pass changes anything. Where
there are no FileCheck lines beside it, it also says that the pass leaves the program alone.

    // WITHIN: integers of 8 bits

names the row of the table of tolerances for a case that rounds otherwise than single ops do.

Inputs and results need no names (`litewright.name`) where there are no weights. Whatever is expected, each case
is run before and after the pass on random numbers, StableHLO on XLA and tfl on LiteRT, and the laws that hold
for all passes are asserted (`tests.support.laws`).
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from filecheck.finput import FInput
from filecheck.matcher import Matcher
from filecheck.options import Options
from filecheck.parser import Parser, pattern_for_opts

from litewright.compiler.driver.loading import parse_program
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.observer import Observer
from litewright.compiler.ir.program import Program
from litewright.passes.core import Decline, Pass
from tests.support.laws import assert_laws

_RUN = re.compile(r"// RUN: litewright opt %s -p ([a-z0-9_,{}=-]+)\n")
_DECLINES = re.compile(r"^// DECLINES\(([a-z0-9-]+)\): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class TextCase:
    """One program with what a pass is expected to make of it.

    Attributes:
        name: what the case shows.
        pipeline: the passes that are run, as the command line spells them; the last is the one under test.
        text: the program and its checks.
        fires: whether the pass changes it.
        declines: rules with a reason that each is expected to give.
        within: the row of the table of tolerances; that of single ops if None.
    """

    name: str
    pipeline: str
    text: str = field(repr=False)
    fires: bool
    declines: frozenset[tuple[str, str]]
    within: str | None = None

    @property
    def passes(self) -> tuple[str, ...]:
        """Names of the passes that are run, without their options."""
        return tuple(re.sub(r"\{[^}]*\}", "", self.pipeline).split(","))

    def __str__(self) -> str:
        return f"{self.passes[-1]}: {self.name}"


def read_cases(folder: Path) -> list[TextCase]:
    """The cases of all files `*.mlir` in a folder, file by file in the order of their names."""
    return [case for path in sorted(folder.glob("*.mlir")) for case in cases_of(path)]


def cases_of(path: Path) -> list[TextCase]:
    """The cases of a file.

    Raises:
        AssertionError: the first line is no command, the file is not named after the pass under test, or
            a case has no name, or it says nothing or contradictory things about what is expected.
    """
    text = path.read_text()
    command = _RUN.match(text)
    assert command is not None, f"{path.name}: the first line must be a RUN line, as {_RUN.pattern}"
    parts = re.split(r"^// -----\n", text[command.end() :], flags=re.MULTILINE)
    cases = [_case(path, command[1], part) for part in parts]
    named, tested = path.name.partition(".")[0], cases[0].passes[-1]
    assert named == tested, f"{path.name} is not named after the pass {tested}"
    return cases


def _case(path: Path, pipeline: str, text: str) -> TextCase:
    name = re.search(r"^// CASE: (.+)$", text, re.MULTILINE)
    assert name is not None, f"{path.name}: a case without a name:\n{text}"
    fires = re.search(r"^// CHECK", text, re.MULTILINE) is not None
    declines = frozenset((found[1], found[2]) for found in _DECLINES.finditer(text))
    unchanged = re.search(r"^// UNCHANGED$", text, re.MULTILINE) is not None
    assert fires + unchanged == 1 or (declines and not fires and not unchanged), (
        f"{path.name}, {name[1]}: CHECK lines, or UNCHANGED, or DECLINES"
    )
    within = re.search(r"^// WITHIN: (.+)$", text, re.MULTILINE)
    return TextCase(
        name[1], pipeline, text, fires, declines, within[1] if within is not None else None
    )


def filecheck(text: str, checks: str) -> None:
    """Asserts that `text` passes the FileCheck lines in `checks`."""
    options = Options(match_filename="checks")
    parser = Parser(options, io.StringIO(checks), *pattern_for_opts(options))
    complaint = io.StringIO()
    with contextlib.redirect_stderr(complaint):
        failed = Matcher(options, FInput("text", text), parser).run()
    assert not failed, f"{complaint.getvalue()}\nin:\n{text}"


def assert_case(passes: Sequence[Pass[Program]], case: TextCase) -> None:
    """Runs a case in the current context and asserts all that is expected of it.

    Args:
        passes: those of the case's pipeline.
        case: what is run.
    """
    *preparing, tested = passes
    program = parse_program(case.text)
    for each in preparing:
        each.run(program)
    reasons = _Reasons()
    fires = assert_laws(tested, program, [reasons], kind=case.within)
    missing = case.declines - reasons.given
    assert not missing, f"{sorted(missing)} not among the reasons {sorted(reasons.given)}"
    assert fires == case.fires, str(program.module)
    if fires:
        filecheck(str(program.module), case.text)


class _Reasons(Observer[Program]):
    """Remembers why rules declined, without the facts."""

    def __init__(self) -> None:
        self.given: set[tuple[str, str]] = set()

    def declined(self, rule: str, op: ir.OpView, why: object) -> None:
        assert isinstance(why, Decline)
        self.given.add((rule, why.reason))


def expected_reasons(cases: Sequence[TextCase]) -> set[tuple[str, str]]:
    """The reasons that cases expect, with the rules that give them."""
    return {each for case in cases for each in case.declines}
