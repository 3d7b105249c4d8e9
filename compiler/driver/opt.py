"""Passes run on a program from a file: the work behind `litewright opt`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from litewright.lowering.stablehlo_to_tfl import legalise
from litewright.lowering.tfl_to_flatbuffer import writer
from litewright.passes.core import (
    CheckHonesty,
    CheckInterface,
    CheckVerified,
    Misses,
    Observer,
    Pipeline,
    Statistics,
)

from ..diagnostics import UserError, WriteError
from ..flags import flags
from ..inspect.dump import DumpObserver
from ..inspect.location_names import with_tree_names
from ..ir import mlir
from ..ir.program import Program
from ..ir.verify import verify
from .catalogue import parse_pipeline, stages_of_rule
from .extensions import Extensions, plan_for
from .loading import Note, load_program, stage_of
from .options import Options
from .plan import PassPlan
from .presets import EMPTY, for_target
from .quantization import CHANGES_INTERFACE
from .replay import replay_command

Watching = Sequence[Observer[Any]]


def load(path: Path, note: Note) -> Program:
    """The program in a file, in a context of its own; see `load_program`."""
    context = mlir.make_context()
    with mlir.use(context):
        program = load_program(path, context, note)
        verify(program)
    return program


def optimise(
    program: Program, pipeline: str, extensions: Extensions, observers: Watching = ()
) -> Statistics:
    """Runs a pipeline, given as text, on a program; what each pass does is verified.

    Where `LITEWRIGHT=dump=FOLDER` is set, the folder receives the program after every pass.

    Args:
        program: StableHLO or tfl, changed in place.
        pipeline: see `catalogue.parse_pipeline`.
        extensions: what others have added.
        observers: look on.

    Returns:
        Times and counts.

    Raises:
        UserError: the pipeline names what there is not.
        PassError: a pass broke its contract.
        VerifyError: a pass broke the program.
    """
    stage = stage_of(program)
    passes = parse_pipeline(pipeline, stage, extensions)
    statistics = Statistics()
    checks = (
        *_dumping(replace(EMPTY, **{stage: passes})),
        CheckInterface(CHANGES_INTERFACE),
        CheckVerified(verify),
    )
    with mlir.use(program.context):
        watching = (*observers, *checks, CheckHonesty(), statistics)
        Pipeline(passes).run(program, watching)
    return statistics


def _dumping(plan: PassPlan) -> Watching:
    folder = flags().dump
    return () if folder is None else (DumpObserver(folder, partial(replay_command, plan)),)


def misses(program: Program, rule: str, options: Options) -> Misses:
    """Runs the default passes, and tells why a rule did not apply.

    StableHLO is legalised too, where the rule is of a later stage. The program is changed.

    Raises:
        UserError: there is no such rule.
    """
    plan = for_target(plan_for(None, options.extensions), options.target)
    stages = stages_of_rule(rule, plan, options.target, options.extensions.legalisations)
    if stages == ["fx"]:
        raise UserError(f"{rule} is marked in FX graphs; give MODULE:FACTORY instead of a file")
    found = Misses(rule)
    with mlir.use(program.context):
        if stage_of(program) == "stablehlo":
            Pipeline(plan.stablehlo).run(program, (found,))
            if stages == ["stablehlo"]:
                return found
            legalise(program, options.target, options.extensions.legalisations, (found,))
        elif "tfl" not in stages:
            raise UserError(f"{rule} works on StableHLO; the program is tfl already")
        Pipeline(plan.tfl).run(program, (found,))
    return found


def save(program: Program, path: Path) -> None:
    """Writes a program as MLIR text, whole, or as a .tflite, by the suffix of the path.

    Raises:
        UserError: the suffix is of neither, or the program is not tfl yet.
        WriteError: the file cannot be written.
    """
    if path.suffix == ".tflite":
        if stage_of(program) != "tfl":
            raise UserError(f"{path}: a program of StableHLO is saved as .mlir")
        with mlir.use(program.context):
            writer.write(program, path)
        return
    if path.suffix != ".mlir":
        raise UserError(f"{path}: a program is saved as .mlir or .tflite")
    try:
        path.write_text(whole_text(program), encoding="utf-8")
    except OSError as error:
        raise WriteError(f"cannot write {path}: {error.strerror or error}") from error


def whole_text(program: Program) -> str:
    """The module as text that can be read back: no constant is left out, locations are kept."""
    return with_tree_names(program.module.operation.get_asm(enable_debug_info=True))
