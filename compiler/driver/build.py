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


def _tensors(
    weights: str | os.PathLike[str] | Mapping[str, TensorSource] | None, requests: Sequence[Request]
) -> Mapping[str, TensorSource]:
    """The tensors that replace the parameters of the modules, checked against them."""
    modules = [r.module for r in requests if not isinstance(r, ExportedRequest)]
    if weights is None:
        homeless = [n for m in modules for n, p in m.named_parameters() if p.is_meta]
        if homeless:
            shown = ", ".join(homeless[:3]) + (" ..." if len(homeless) > 3 else "")
            raise UserError(
                f"{len(homeless)} parameters are on the meta device and have no values ({shown}); "
                "give convert(weights=...) a checkpoint"
            )
        return {}
    tensors = weights if isinstance(weights, Mapping) else open_checkpoint(os.fspath(weights))
    wanted = {n: tuple(p.shape) for m in modules for n, p in m.named_parameters()}
    problems = missing_or_misshapen(wanted, tensors)
    if problems:
        raise UserError(
            "\n  ".join([f"the weights do not fit the module ({len(problems)}):", *problems])
        )
    return tensors


def _capture(request: Request, keep: Collection[object]) -> FxProgram:
    if isinstance(request, ExportedRequest):
        return capture.from_exported_program(request.name, request.program, keep=keep)
    return capture.capture(request.name, request.module, request.args, request.kwargs, keep=keep)
