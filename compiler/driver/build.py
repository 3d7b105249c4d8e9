"""One conversion, from requests to an `EdgeModel`: capture, lower, rewrite, legalise, rewrite."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from litewright.lowering import stablehlo_to_tfl, torch_to_stablehlo
from litewright.passes.core import Observer

from ..capture import capture, from_exported_program
from ..inspect.dump import DumpObserver
from ..ir import mlir, tfl
from ..ir.fx import FxProgram
from ..ir.program import Program
from ..weights import TensorSource
from ..weights.checkpoint import open_checkpoint
from . import presets
from .model import EdgeModel
from .request import ExportedRequest, Request
from .stages import Progress, Stages

Weights = str | os.PathLike[str] | Mapping[str, TensorSource]


def build(
    requests: Sequence[Request],
    *,
    weights: Weights | None,
    dump_ir: Path | None,
    progress: Progress | None,
) -> EdgeModel:
    """Converts the requests to one model; see `litewright.convert`."""
    stages = Stages(progress)
    dump = DumpObserver(dump_ir) if dump_ir is not None else None
    observers: tuple[Observer[Program], ...] = () if dump is None else (dump,)
    tensors = _tensors(weights)
    with stages.stage("capture"):
        captured = [_capture(request) for request in requests]
        for each in captured:
            presets.FX.run(each)
    if dump is not None:
        for each in captured:
            dump.stage(f"fx_{each.name}", str(each))
    context = mlir.make_context()
    with mlir.use(context):
        with stages.stage("lower to StableHLO"):
            program = torch_to_stablehlo.lower(captured, context, weights=tensors)
            captured.clear()
            program.module.operation.verify()
        if dump is not None:
            dump.after("stablehlo", program, changed=True)
        with stages.stage("passes on StableHLO"):
            presets.STABLEHLO.run(program, observers)
        with stages.stage("legalise to tfl"):
            stablehlo_to_tfl.legalise(program)
        if dump is not None:
            dump.after("tfl", program, changed=True)
        with stages.stage("passes on tfl"):
            presets.TFL.run(program, observers)
            tfl.verify(program)
    return EdgeModel(program, stages.seconds)


def _tensors(weights: Weights | None) -> Mapping[str, TensorSource]:
    if weights is None or isinstance(weights, Mapping):
        return weights or {}
    return open_checkpoint(os.fspath(weights))


def _capture(request: Request) -> FxProgram:
    kept = torch_to_stablehlo.supported_ops()
    if isinstance(request, ExportedRequest):
        return from_exported_program(request.name, request.program, kept=kept)
    return capture(request.name, request.module, request.args, request.kwargs, kept=kept)
