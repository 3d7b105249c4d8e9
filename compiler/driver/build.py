"""One conversion, from requests to an `EdgeModel`: capture, lower, rewrite, legalise, rewrite."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litewright.lowering import stablehlo_to_tfl, torch_to_stablehlo
from litewright.passes.core import (
    CheckHonesty,
    CheckInterface,
    CheckVerified,
    Observer,
    Pipeline,
    Statistics,
)
from litewright.passes.stablehlo.split_complex import SplitComplex
from litewright.passes.tfl.keep_read_values import KeepReadValues

from ..capture import Captured, capture_exported, capture_module, check_shared_state
from ..inspect.dump import DumpObserver
from ..ir import mlir, tfl
from ..ir.fx import FxProgram
from ..ir.program import Program
from ..ir.verify import verify
from ..weights import TensorSource
from ..weights.checkpoint import open_checkpoint
from .dynamic import check_dynamic, generalise, mark_any_size
from .model import EdgeModel
from .options import Options, Weights
from .quantization import CHANGES_INTERFACE
from .replay import HowToReplay, replay_command
from .request import ExportedRequest, Request
from .soundness import refuse_miscomputed
from .stages import Stages


def build(requests: Sequence[Request], options: Options) -> EdgeModel:
    """Converts the requests to one model; see `litewright.convert`."""
    stages = Stages(options.progress)
    watch = _Watch.of(options)
    with stages.stage("capture"):
        signatures = [_capture(request, options.extensions.lowerings) for request in requests]
        captured = [program for each in signatures for program in each.programs]
        families = [each.probes for each in signatures if each.probes is not None]
        del signatures
        check_dynamic(families, options.plan, options.target)
        check_shared_state(captured)
    with stages.stage("passes on FX"):
        for each in captured:
            watch.lowered(f"fx_{each.name}", each)
            Pipeline(options.plan.fx).run(each, watch.on_fx)
    context = mlir.make_context()
    with mlir.use(context):
        with stages.stage("lower to StableHLO"):
            watch.lowering("stablehlo")
            program = _lower(captured, context, options)
            captured.clear()
            mark_any_size(program, families)
        watch.lowered("stablehlo", program)
        with stages.stage("passes on StableHLO"):
            Pipeline(options.plan.stablehlo).run(program, watch.on_programs)
            # Whatever the plan: the runtime computes with real numbers.
            Pipeline((SplitComplex(),)).run(program, watch.on_programs)
        with stages.stage("legalise to tfl"):
            watch.lowering("tfl")
            legalisations = options.extensions.legalisations
            stablehlo_to_tfl.legalise(program, options.target, legalisations, watch.on_programs)
        watch.lowered("tfl", program)
        with stages.stage("passes on tfl"):
            Pipeline(options.plan.tfl).run(program, watch.on_programs)
            if families:
                watch.lowering("dynamic")
                generalise(program, families)
                watch.lowered("dynamic", program)
            # Whatever the plan: this is needed for a model to be right. And sizes of which nothing is known may
            # be equal where those of the probes were not.
            Pipeline((KeepReadValues(),)).run(program, watch.on_programs)
            tfl.verify(program)
            refuse_miscomputed(program, options.target)
    return EdgeModel(program, stages.seconds, watch.statistics)


@dataclass(frozen=True, slots=True)
class _Watch:
    """All who look on.

    Attributes:
        on_fx: observers of passes on FX graphs.
        on_programs: observers of passes on programs.
        statistics: the last of both, so that it times the passes alone.
    """

    on_fx: tuple[Observer[FxProgram], ...]
    on_programs: tuple[Observer[Program], ...]
    statistics: Statistics

    @classmethod
    def of(cls, options: Options) -> _Watch:
        folder = options.dump_ir or options.flags.dump
        given: list[Observer[Any]] = [*options.observers]
        if folder is not None:
            command = functools.partial(replay_command, options.plan)
            given.append(DumpObserver(folder, command))
        else:
            given.append(HowToReplay())
        checks: list[Observer[Any]] = [CheckInterface(CHANGES_INTERFACE)]
        checks += [CheckHonesty()] if options.flags.verify else []
        verified = options.flags.verify
        statistics = Statistics()
        return cls(
            (*given, *([CheckVerified(FxProgram.verify)] if verified else []), *checks, statistics),
            (*given, *([CheckVerified(verify)] if verified else []), *checks, statistics),
            statistics,
        )

    def lowering(self, name: str) -> None:
        """Announces a lowering."""
        for observer in self.on_programs:
            observer.lowering(name)

    def lowered(self, name: str, unit: FxProgram | Program) -> None:
        """Shows the observers what a lowering has made, the closest first, as after a pass."""
        if isinstance(unit, FxProgram):
            for observer in reversed(self.on_fx):
                observer.lowered(name, unit)
        else:
            for observer in reversed(self.on_programs):
                observer.lowered(name, unit)


def _lower(captured: Sequence[FxProgram], context: Any, options: Options) -> Program:
    program = torch_to_stablehlo.lower(
        captured,
        context,
        weights=_tensors(options.weights),
        lowerings=options.extensions.lowerings,
    )
    program.module.operation.verify()
    return program


def _tensors(weights: Weights | None) -> Mapping[str, TensorSource]:
    if weights is None or isinstance(weights, Mapping):
        return weights or {}
    return open_checkpoint(os.fspath(weights))


def _capture(request: Request, lowerings: tuple[Any, ...]) -> Captured:
    kept = torch_to_stablehlo.supported_ops(lowerings)
    if isinstance(request, ExportedRequest):
        return capture_exported(request.name, request.program, kept=kept)
    return capture_module(
        request.name,
        request.module,
        request.args,
        request.kwargs,
        dynamic_shapes=request.dynamic_shapes,
        kept=kept,
    )
