"""A conversion as a list of steps, each with what was there before and after, and able to be repeated."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from litewright.compiler.inspect.exposing import snapshot
from litewright.compiler.ir import mlir
from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.mlir import Array, ir
from litewright.compiler.ir.observer import Observer
from litewright.compiler.ir.program import Program
from litewright.compiler.weights import TensorSource
from litewright.compiler.weights.checkpoint import open_checkpoint
from litewright.lowering import stablehlo_to_tfl, torch_to_stablehlo
from litewright.passes.core import Pipeline

from ..build import build
from ..loading import stage_of
from ..options import Options
from ..plan import AnyPass, Stage, leaves
from ..request import Request
from ..running import run_stage, run_whole
from .cuts import Unit, copy_graph

Watching = Sequence[Observer[Any]]
Apply = Callable[[Unit, Watching], Unit]
Kind = Literal["capture", "pass", "lowering", "file", "delegate"]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One step of the conversion of one signature.

    Attributes:
        label: how reports call it.
        kind: what it is.
        name: the pass, or the level that is lowered to.
        signature: the signature.
        before: what it starts from; None for the capture.
        after: what it makes.
        changed: whether that is something else.
        weights: values of parameters on the meta device.
        apply: repeats it on a part; None where it cannot be repeated on one.
        item: the pass, where it is one.
    """

    label: str
    kind: Kind
    name: str
    signature: str
    before: Unit | None
    after: Unit
    changed: bool
    weights: Mapping[str, TensorSource]
    apply: Apply | None = None
    item: AnyPass | None = None

    def run_before(self, unit: Unit, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """The results of a part before the step."""
        return run_stage(unit, self.signature, inputs, weights=self.weights)

    def run_after(
        self, unit: Unit, inputs: Mapping[str, Array], *, delegate: bool = False
    ) -> dict[str, Array]:
        """The results after it, of a part or of all."""
        if self.kind == "file" and isinstance(unit, Program):
            return run_whole(unit, self.signature, inputs)
        delegate = delegate or self.kind == "delegate"
        return run_stage(unit, self.signature, inputs, delegate=delegate, weights=self.weights)


@dataclass(frozen=True, slots=True)
class _Record:
    """A unit as some lowering or pass has left it."""

    kind: Kind
    name: str
    stage: Stage
    unit: Unit
    changed: bool


class Recorder(Observer[Unit]):
    """Keeps what every lowering and pass has made. That is kilobytes each: weights are not in it.

    Attributes:
        failure: what the conversion raised, if it failed.
    """

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self._graphs: dict[str, list[_Record]] = {}
        self._programs: list[_Record] = []
        self._stage: Stage = "fx"

    def lowered(self, name: str, unit: Unit) -> None:
        """Keeps what a lowering has made."""
        self._stage = (
            "fx" if isinstance(unit, FxProgram) else "tfl" if name == "tfl" else "stablehlo"
        )
        self._keep("lowering", name, unit, changed=True)

    def after(self, pass_name: str, unit: Unit, *, changed: bool) -> None:
        """Keeps what a pass has made."""
        self._keep("pass", pass_name, unit, changed=changed)

    def signatures(self) -> list[str]:
        """Names of the signatures."""
        program = self._programs[0].unit
        assert isinstance(program, Program), "programs come after graphs"
        with mlir.use(program.context):
            return [function.name.value for function in program.signatures()]

    def start(self, signature: str) -> Unit:
        """What the steps of a signature start from."""
        return self.records(signature)[0].unit

    def records(self, signature: str) -> list[_Record]:
        """All that concerns a signature, in order."""
        return [*self._graphs.get(signature, []), *self._programs]

    def _keep(self, kind: Kind, name: str, unit: Unit, *, changed: bool) -> None:
        if isinstance(unit, FxProgram):
            kept = self._graphs.setdefault(unit.name, [])
            copied: Unit = copy_graph(unit) if changed else kept[-1].unit
        else:
            kept = self._programs
            copied = snapshot(unit) if changed else kept[-1].unit
        kept.append(_Record(kind, name, self._stage, copied, changed))


def record(requests: Sequence[Request], options: Options) -> Recorder:
    """Converts, and keeps everything on the way, and the error if it fails."""
    recorder = Recorder()
    try:
        build(requests, replace(options, observers=(*options.observers, recorder)))
    except Exception as error:  # noqa: BLE001 (what a wrong pass leads to later may be anything)
        recorder.failure = error
    return recorder


def record_program(program: Program, options: Options) -> Recorder:
    """Runs the passes, and the lowering to tfl where it is still to come, and keeps everything on the way."""
    recorder = Recorder()
    with mlir.use(program.context):
        if stage_of(program) == "stablehlo":
            recorder.lowered("stablehlo", program)
            Pipeline(options.plan.stablehlo).run(program, (recorder,))
            more = options.extensions.legalisations
            stablehlo_to_tfl.legalise(program, options.target, more)
        recorder.lowered("tfl", program)
        Pipeline(options.plan.tfl).run(program, (recorder,))
    return recorder


def steps_of(recorder: Recorder, signature: str, options: Options) -> Iterator[Step]:
    """The steps of a signature's conversion, the runtime's among them."""
    weights = tensors_of(options)
    previous: Unit | None = None
    for each in recorder.records(signature):
        label, kind, name = _label(each), each.kind, each.name
        item = _pass_named(each, options) if kind == "pass" else None
        apply = None if previous is None else _apply_of(each, item, options)
        if previous is None:
            kind = "capture"
            label = name = "capture" if isinstance(each.unit, FxProgram) else "start"
        yield Step(
            label, kind, name, signature, previous, each.unit, each.changed, weights, apply, item
        )
        previous = each.unit
    if recorder.failure is not None:
        return
    assert previous is not None, "a conversion records what it does"
    yield Step("write the file", "file", "file", signature, previous, previous, True, weights)
    yield Step(
        "run on the delegate", "delegate", "delegate", signature, previous, previous, True, weights,
        copied,
    )  # fmt: skip


def copied(unit: Unit, observers: Watching) -> Unit:
    """A copy of a unit, over the same weights."""
    del observers
    if isinstance(unit, FxProgram):
        return copy_graph(unit)
    with mlir.use(unit.context):
        return snapshot(unit)


def tensors_of(options: Options) -> Mapping[str, TensorSource]:
    """The tensors that the caller gave beside the module."""
    if options.weights is None or isinstance(options.weights, Mapping):
        return options.weights or {}
    return open_checkpoint(os.fspath(options.weights))


def apply_pass(item: AnyPass) -> Apply:
    """Repeats a pass."""

    def apply(unit: Unit, observers: Watching) -> Unit:
        copy = copied(unit, observers)
        if isinstance(copy, FxProgram):
            item.run_observed(copy, observers)
        else:
            with mlir.use(copy.context):
                item.run_observed(copy, observers)
        return copy

    return apply


def legalise(options: Options) -> Apply:
    """Repeats the lowering to tfl."""

    def apply(unit: Unit, observers: Watching) -> Unit:
        copy = copied(unit, observers)
        assert isinstance(copy, Program), "what is legalised is StableHLO"
        with mlir.use(copy.context):
            more = options.extensions.legalisations
            stablehlo_to_tfl.legalise(copy, options.target, more, observers)
        return copy

    return apply


def lower(options: Options, context: ir.Context) -> Apply:
    """Repeats the lowering to StableHLO."""

    def apply(unit: Unit, observers: Watching) -> Unit:
        del observers
        assert isinstance(unit, FxProgram), "what is lowered to StableHLO is a graph"
        lowerings = options.extensions.lowerings
        return torch_to_stablehlo.lower(
            [unit], context, weights=tensors_of(options), lowerings=lowerings
        )

    return apply


def _label(each: _Record) -> str:
    if each.kind == "lowering":
        return f"lower to {'StableHLO' if each.name == 'stablehlo' else each.name}"
    stage = {"fx": "FX", "stablehlo": "StableHLO", "tfl": "tfl"}[each.stage]
    return f"pass {each.name} ({stage})"


def _pass_named(each: _Record, options: Options) -> AnyPass | None:
    passes = leaves(options.plan.of(each.stage))
    return next((item for item in passes if item.name == each.name), None)


def _apply_of(each: _Record, item: AnyPass | None, options: Options) -> Apply | None:
    if each.kind == "pass":
        return None if item is None else apply_pass(item)
    if each.name == "tfl":
        return legalise(options)
    return lower(options, each.unit.context) if isinstance(each.unit, Program) else None
