"""One conversion, from requests to an `EdgeModel`: capture, lower, rewrite, legalise, rewrite."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from litewright.lowering import stablehlo_to_tfl, torch_to_stablehlo
from litewright.passes.core import Observer

from .. import capture
from ..diagnostics import UserError
from ..inspect.dump import DumpObserver
from ..ir import mlir, tfl
from ..ir.fx import FxProgram
from ..ir.program import Program
from ..targets import Target, target_named
from ..weights import TensorSource
from ..weights.checkpoint import missing_or_misshapen, open_checkpoint
from . import presets
from .model import EdgeModel
from .request import ExportedRequest, Request
from .stages import Progress, Stages


def build(
    requests: Sequence[Request],
    *,
    target: str,
    weights: str | os.PathLike[str] | Mapping[str, TensorSource] | None,
    dump_ir: Path | None,
    progress: Progress | None,
) -> EdgeModel:
    """Converts the requests to one model; see `litewright.convert`."""
    chosen = target_named(target)
    stages = Stages(progress)
    dump = DumpObserver(dump_ir) if dump_ir is not None else None
    observers: list[Observer[Program]] = [dump] if dump is not None else []
    with stages.stage("capture"):
        tensors = _tensors(weights, requests)
        captured = [_capture(request) for request in requests]
    if dump is not None:
        dump.stage("fx", captured)
    with mlir.use(mlir.make_context()):
        with stages.stage("lower to StableHLO"):
            program = torch_to_stablehlo.lower(captured, mlir.ir.Context.current, weights=tensors)
            captured.clear()
        _verify(program, dump, "stablehlo")
        with stages.stage("passes on StableHLO"):
            presets.STABLEHLO.run(program, observers)
        with stages.stage("legalise to tfl"):
            stablehlo_to_tfl.legalise(program, chosen)
        _verify(program, dump, "tfl")
        with stages.stage("passes on tfl"):
            presets.TFL.run(program, observers)
            tfl.verify(program)
    return EdgeModel(program, stages.seconds)
