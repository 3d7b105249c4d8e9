"""What one decoder layer more costs: 8 layers minus 4 layers, divided by 4.

The difference leaves out what is paid once (imports, embeddings, the first use of everything). It
is set beside what capture alone costs, and beside a plain copy of the bytes the layer adds.
"""

import os
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.cases import CASES, Side
from benchmarks.children import WorkerError
from benchmarks.measure import Bench
from benchmarks.results import Conversion, LayerCost

_CASE = next(case for case in CASES if case.name == "decoder-4")
_FEW, _MANY = 4, 8
_LAYERS = _MANY - _FEW
_REPEATS, _PEER_REPEATS = 3, 2
_COPY_CHUNK = 1 << 20


def measure_layer_cost(bench: Bench, sides: Iterable[Side], setting: dict[str, Any]) -> LayerCost:
    """Measure it for every side that converts; litewright's files, if any, are the ones copied."""
    cost = LayerCost(setting, {}, {}, {}, {}, {}, 0.0, 0.0, {})
    bench.report("layer cost: checkpoints")
    jobs = {size: bench.prepare(_CASE, size, with_steps=False) for size in (_FEW, _MANY)}
    bench.report("layer cost: capture")
    cost.capture = _capture(bench, jobs)
    for side in sides:
        try:
            _measure_side(bench, side, jobs, cost)
        except WorkerError as error:
            cost.failures[side] = str(error)
    return cost


def _measure_side(
    bench: Bench, side: Side, jobs: Mapping[int, dict[str, Any]], cost: LayerCost
) -> None:
    runs = _PEER_REPEATS if side.in_peer_environment else _REPEATS
    paths = {size: bench.folder / f"layer-cost-{size}.tflite" for size in jobs}
    try:
        found = {size: bench.convert(side, jobs[size], paths[size], runs) for size in jobs}
        graphs = {size: bench.graphs(paths[size]) for size in jobs}
        sizes = {size: path.stat().st_size for size, path in paths.items()}
        cost.stages[side] = _stage_differences(found)
        cost.peak[side] = (found[_MANY].peak - found[_FEW].peak) // _LAYERS
        cost.file_bytes[side] = (sizes[_MANY] - sizes[_FEW]) // _LAYERS
        cost.ops[side] = {
            name: (graph.ops - graphs[_FEW][name].ops) / _LAYERS
            for name, graph in graphs[_MANY].items()
        }
        if cost.copy == 0.0:
            bench.report("layer cost: plain copy")
            cost.copy = _copy_difference(paths, sync=False)
            cost.synced_copy = _copy_difference(paths, sync=True)
    finally:
        for path in paths.values():
            path.unlink(missing_ok=True)


def _stage_differences(found: Mapping[int, Conversion]) -> dict[str, float]:
    few, many = ({**each.stages, "total": each.total} for each in (found[_FEW], found[_MANY]))
    return {name: (many[name] - few.get(name, 0.0)) / _LAYERS for name in many}


def _capture(bench: Bench, jobs: Mapping[int, dict[str, Any]]) -> dict[str, float]:
    """Seconds a layer of `torch.export` and of its decompositions, best of several processes."""
    best: dict[int, dict[str, float]] = {}
    for size, job in jobs.items():
        runs = [bench.workers.run("export_cost", job).result["seconds"] for _ in range(_REPEATS)]
        best[size] = {name: min(run[name] for run in runs) for name in runs[0]}
    return {name: (best[_MANY][name] - best[_FEW][name]) / _LAYERS for name in best[_MANY]}


def _copy_difference(paths: Mapping[int, Path], *, sync: bool) -> float:
    seconds = {size: _copy_seconds(path, sync=sync) for size, path in paths.items()}
    return (seconds[_MANY] - seconds[_FEW]) / _LAYERS


def _copy_seconds(path: Path, *, sync: bool) -> float:
    """The best of several plain copies of a file, by way of memory as a writer would."""
    copy = path.with_suffix(".copy")
    best = float("inf")
    try:
        for _ in range(_REPEATS):
            copy.unlink(missing_ok=True)
            started = time.perf_counter()
            with path.open("rb") as source, copy.open("wb") as target:
                shutil.copyfileobj(source, target, _COPY_CHUNK)
                target.flush()
                if sync:
                    os.fsync(target.fileno())
            best = min(best, time.perf_counter() - started)
    finally:
        copy.unlink(missing_ok=True)
    return best
