"""The report on a conversion, or on a file, as one HTML page: the work behind `litewright report`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..diagnostics import LitewrightError, WriteError
from ..inspect.report.facts import facts_of
from ..inspect.report.measured import measure
from ..inspect.report.page import render
from ..inspect.report.recorder import Recorder
from ..ir import mlir
from ..ir.mlir import Array
from ..ir.program import Program
from ..runtime import Runner
from ..targets import Target
from .build import build
from .model import EdgeModel, read
from .module_times import module_times
from .options import Options
from .request import Request, check_fixed_sizes

if TYPE_CHECKING:
    from ..ir.fx import FxProgram

_CPU = "cpu"

Inputs = Mapping[str, Mapping[str, Array]]
"""By signature and name."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a page shall hold, beside what the model itself tells.

    Attributes:
        title: what the model is called.
        run: run the model: errors by layer and by weight, the delegate's own word on partitions, latency.
        times: seconds of the conversion and latency; without them, the same model gives the same page.
        seed: of the random inputs.
        folder: where the page will lie, so that it can link to dumps; None for links that are absolute.
    """

    title: str
    run: bool = True
    times: bool = True
    seed: int = 0
    folder: Path | None = None


def report_conversion(requests: Sequence[Request], options: Options, contents: Contents) -> str:
    """Converts, looks on, and tells what was seen.

    Args:
        requests: the signatures.
        options: of the conversion; the page links to the dumps where it writes any.
        contents: what the page shall hold.

    Returns:
        The page.

    Raises:
        LitewrightError: what a conversion raises.
    """
    check_fixed_sizes(requests, "report")
    recorder = Recorder()
    model = build(requests, replace(options, observers=(*options.observers, recorder)))
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="litewright-") as folder:
        path = Path(folder, "model.tflite")
        model.export(path, progress=options.progress)
        found["bytes"] = path.stat().st_size
        if contents.run:
            if options.progress is not None:
                options.progress("run beside eager torch", None)
            inputs = _inputs(requests, recorder, contents.seed)
            if options.target.name == _CPU:
                found["measured"] = measure(path, inputs, times=contents.times)
                found["module_times"] = _module_times(model.program, recorder, contents)
            found["errors"] = _errors(path, model.program, recorder, inputs, options)
    steps = [dict(step.payload()) for step in recorder.steps]
    if contents.times:
        found["seconds"] = _seconds(model, steps)
    _link(steps, options.dump_ir, contents.folder)
    return _page(model.program, recorder, options.target, contents, {**found, "steps": steps})


def report_file(path: Path, target: Target, contents: Contents) -> str:
    """What is in a .tflite of any converter.

    Raises:
        UserError: there is no file at `path`.
        FormatError: the file is no sound .tflite, or LiteRT does not take it.
    """
    found: dict[str, Any] = {"bytes": path.stat().st_size if path.exists() else 0, "steps": []}
    program = read(path).program
    recorder = Recorder()
    if contents.run and target.name == _CPU:
        found["measured"] = measure(path, {}, times=contents.times)
        found["module_times"] = _module_times(program, recorder, contents)
    return _page(program, recorder, target, contents, found)


def _page(
    program: Program, recorder: Recorder, target: Target, contents: Contents, found: dict[str, Any]
) -> str:
    with mlir.use(program.context):
        recorder.finish(program)
        facts = facts_of(program, target, recorder.origins, errors=contents.run)
    tables = recorder.origins.payload()
    return render(
        contents.title, {**facts, **found, "snapshots": recorder.snapshots, "tables": tables}
    )


def _inputs(requests: Sequence[Request], recorder: Recorder, seed: int) -> Inputs:
    from .bisect.samples import Choice, inputs_for, samples_of

    graphs, choice = recorder.graphs, Choice(seed=seed)
    return {
        each.name: inputs_for(graphs[each.name], each.name, choice, samples_of(each))
        for each in requests
    }


def _module_times(
    program: Program, recorder: Recorder, contents: Contents
) -> dict[str, list[list[float]]]:
    if not contents.times:
        return {}
    with mlir.use(program.context):
        names = [function.name.value for function in program.signatures()]
    return {name: module_times(program, name, recorder.origins) for name in names}


def _errors(
    path: Path, program: Program, recorder: Recorder, inputs: Inputs, options: Options
) -> dict[str, Any]:
    """By signature, the errors of interior values, and those of the results of the file itself.

    A signature that LiteRT does not run is told as such: its page is wanted all the more.
    """
    found: dict[str, Any] = {}
    for name, graph in recorder.graphs.items():
        try:
            found[name] = _errors_of(path, program, graph, inputs[name], options)
        except LitewrightError as error:
            found[name] = {"failed": str(error)}
    return found


def _errors_of(
    path: Path,
    program: Program,
    graph: FxProgram,
    inputs: Mapping[str, Array],
    options: Options,
) -> dict[str, Any]:
    from ..inspect.differences import compare, tolerance_for
    from ..inspect.report.layers import errors_of, pairs_of
    from ..inspect.running import run_graph
    from .bisect.steps import tensors_of
    from .running import interior_values

    results, nodes = run_graph(graph, inputs, weights=tensors_of(options))
    actual = Runner(path).run(inputs, graph.name)
    ends = {name: compare(name, results[name], actual[name], 0.0).error for name in results}
    tolerance = tolerance_for(results)
    with mlir.use(program.context):
        pairs = pairs_of(graph, program.signature(graph.name))
    places = [pair.place for pair in pairs]
    values = interior_values(program, graph.name, inputs, places, delegate=True)
    wrong = [name for name, error in ends.items() if error > tolerance]
    layers = errors_of(graph, pairs, nodes, values, wrong)
    return {
        "layers": [
            [each.row, each.place.index, each.error, each.factor, int(each.is_rearranged)]
            for each in layers
        ],
        "results": ends,
        "tolerance": tolerance,
    }


def _seconds(model: EdgeModel, steps: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Seconds of capturing and writing; those of passes and lowerings are put into the steps."""
    for step, record in zip(steps, model.statistics.records, strict=True):
        step["seconds"] = record.seconds
    return {"capture": model.timings["capture"], "write": model.timings["write"]}


def _link(steps: Sequence[dict[str, Any]], dumps: Path | None, folder: Path | None) -> None:
    """Gives every step that has a dump a link to it."""
    if dumps is None:
        return
    for step in steps:
        files = list(dumps.glob(f"{step.pop('dump'):02}_*"))
        if not files:
            continue
        # The folder may hold dumps of an earlier conversion, whose passes had other numbers.
        newest = max(files, key=lambda file: file.stat().st_mtime_ns)
        if folder is not None:
            step["link"] = Path(os.path.relpath(newest, folder)).as_posix()
        else:
            step["link"] = newest.resolve().as_uri()


def save(page: str, path: Path) -> None:
    """Writes a page.

    Raises:
        WriteError: the file cannot be written.
    """
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise WriteError(f"cannot write {path}: {error.strerror or error}") from error
