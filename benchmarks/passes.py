"""What passes cost and what they gain: their time beside `torch.export`, and the graphs without them."""

import subprocess
import sys
import time
from typing import Any

from benchmarks.cases import CASES, Case, Side
from benchmarks.children import environment
from benchmarks.measure import Bench
from benchmarks.results import PassesResult

_TIMED = next(case for case in CASES if case.name == "decoder-22")
_LOOKED_AT = ("sentence-encoder", "resnet18", "bert-base", "decoder-4")
_REPEATS = 3
_IMPORTS = ("pass", "import litewright", "import torch")

PLANS = ("none", "fx", "stablehlo", "tfl")
"""Presets by the last stage whose passes run: `none` and `tfl` are no passes and all of them."""


def measure_passes(bench: Bench, setting: dict[str, Any]) -> PassesResult:
    """Measure all of it; nothing of the peer, which has no such thing to turn off."""
    result = PassesResult(setting, _TIMED.title)
    bench.report(f"passes: time, {_TIMED.title}")
    job = {"case": _TIMED.name, "size": _TIMED.size}
    runs = [bench.workers.run("pass_cost", job).result for _ in range(_REPEATS)]
    exports = [bench.workers.run("export_cost", job).result["seconds"] for _ in range(_REPEATS)]
    best = min(runs, key=lambda run: sum(run["passes"].values()))
    result.seconds, result.rewrites = best["passes"], best["rewrites"]
    result.conversion = min(run["total"] for run in runs)
    result.export = min(exports, key=lambda seconds: sum(seconds.values()))
    result.imports = _imports(bench)
    for case in (case for case in CASES if case.name in _LOOKED_AT):
        _look_at(bench, case, result)
    return result


def _look_at(bench: Bench, case: Case, result: PassesResult) -> None:
    """The graphs of a case by plan."""
    bench.report(f"passes: graphs, {case.title}")
    job = bench.prepare(case, case.size, with_steps=True)
    path = bench.folder / f"{case.name}-passes.tflite"
    graphs = result.graphs.setdefault(case.title, {})
    try:
        for plan in PLANS:
            bench.convert(Side.LITEWRIGHT, {**job, "plan": plan}, path, 1)
            graphs[plan] = bench.graphs(path)
    finally:
        path.unlink(missing_ok=True)


def _imports(bench: Bench) -> dict[str, float]:
    """Seconds of whole processes that import one thing, the first being Python alone; the best of several."""
    bench.report("passes: imports")
    return {statement: min(_seconds(statement) for _ in range(_REPEATS)) for statement in _IMPORTS}


def _seconds(statement: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], env=environment(), check=True)
    return time.perf_counter() - started
