"""Measures language models: each step a process of its own, what is compared side by side in one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.children import Outcome, WorkerError, Workers
from benchmarks.generation.families import Family
from benchmarks.generation.results import (
    BundleResult,
    EngineRun,
    ExportCost,
    Exporter,
    MemoryResult,
    SpeedResult,
    Timed,
)
from benchmarks.measure import Report

PREFILL = 128
THREADS = (1, 4)
_DECODED = 64
_ENGINE_CACHE = 512
_LLAMA = "LlamaConfig"


@dataclass(frozen=True, slots=True)
class Effort:
    """How often things are done: exports, runs of the engine, rounds of visits, seconds of a visit."""

    exports: int = 2
    engine_runs: int = 5
    rounds: int = 40
    seconds: float = 0.05


@dataclass(frozen=True, slots=True)
class Bench:
    """What measuring needs: children, a folder for files, how much effort, whom to tell."""

    workers: Workers
    folder: Path
    effort: Effort
    report: Report

    def speed(
        self, family: Family, layers: int, cache: int, scheme: str, setting: dict[str, Any]
    ) -> SpeedResult:
        """Models by all exporters, called in turns; an exporter that fails is a result too."""
        result = SpeedResult(family.name, layers, cache, scheme, setting)
        checkpoint = self._checkpoint(family, layers)
        files: dict[Exporter, Path] = {}
        try:
            for exporter in self._exporters(family):
                path = self.folder / f"{result.key}-{exporter.replace(' ', '-')}.tflite"
                self.report(f"{result.key}: {exporter}")
                try:
                    self._export(exporter, checkpoint, path, cache, scheme)
                    files[exporter] = path
                    result.sizes[exporter] = path.stat().st_size
                    result.graphs[exporter] = self._graphs(path)
                except WorkerError as error:
                    result.failures[exporter] = str(error)
            for threads in THREADS:
                self.report(f"{result.key}: {threads} thread{'s' if threads > 1 else ''}")
                self._time(files, threads, result)
        finally:
            for path in files.values():
                path.unlink(missing_ok=True)
        return result

    def bundles(self, family: Family, layers: int, setting: dict[str, Any]) -> BundleResult:
        """Time and memory from checkpoint to bundle, and the bundles in the engine of LiteRT-LM, in turns."""
        result = BundleResult(family.name, layers, setting)
        checkpoint = self._checkpoint(family, layers)
        files: dict[Exporter, Path] = {}
        for exporter in self._exporters(family):
            if exporter is Exporter.AUTHORED:
                continue
            path = self.folder / f"{family.name}-{layers}-{exporter.replace(' ', '-')}.litertlm"
            try:
                result.exports[exporter] = self._export_cost(exporter, checkpoint, path)
                files[exporter] = path
            except WorkerError as error:
                result.failures[exporter] = str(error)
        for threads in THREADS:
            self.report(f"engine of LiteRT-LM, {threads} threads")
            for exporter, runs in self._engine(files, threads).items():
                result.engine.setdefault(exporter, {})[str(threads)] = _engine_run(runs)
        for path in files.values():
            path.unlink(missing_ok=True)
        return result

    def memory(
        self, family: Family, layers: int, scheme: str, setting: dict[str, Any]
    ) -> MemoryResult:
        """What a model takes in our own runner, with weights packed once, and once for each signature."""
        path = self.folder / f"{family.name}-{layers}-memory.tflite"
        checkpoint = self._checkpoint(family, layers)
        self._export(Exporter.LITEWRIGHT, checkpoint, path, _ENGINE_CACHE, scheme)
        result = MemoryResult(
            family.name, layers, scheme, setting, path.stat().st_size, {}, {"once": {}, "each": {}}
        )
        for name, shared in (("once", True), ("each", False)):
            self.report(f"memory of our own runner, weights packed {name}")
            job = {"path": path, "shared": shared, "threads": 1}
            found = self.workers.run("generation_memory", job).result
            result.grown[name] = found["grown"]
            result.seconds[name] = found["seconds"]
        path.unlink()
        return result

    def _exporters(self, family: Family) -> list[Exporter]:
        if self.workers.peer_python is None:
            return [Exporter.LITEWRIGHT]
        authored = [Exporter.AUTHORED] if family.config == _LLAMA else []
        return [Exporter.LITEWRIGHT, Exporter.PEER, *authored]

    def _checkpoint(self, family: Family, layers: int) -> Path:
        folder = self.folder / f"checkpoint-{family.name}-{layers}"
        job = {"family": family.name, "layers": layers, "checkpoint": folder}
        self.workers.run("generation_checkpoint", job)
        return folder

    def _export(
        self, exporter: Exporter, checkpoint: Path, output: Path, cache: int, scheme: str
    ) -> Outcome:
        job = {
            "checkpoint": checkpoint,
            "output": output,
            "prefill": PREFILL,
            "cache": cache,
            "scheme": scheme,
            "authored": exporter is Exporter.AUTHORED,
        }
        worker = "generation_peer" if exporter.in_peer_environment else "generation_litewright"
        return self.workers.run(worker, job, in_peer=exporter.in_peer_environment)

    def _graphs(self, path: Path) -> dict[str, tuple[int, int]]:
        signatures = self.workers.run("graph", {"path": path}).result["signatures"]
        return {
            _role(name): (graph["expanded"], graph["partitions"])
            for name, graph in signatures.items()
        }

    def _time(self, files: dict[Exporter, Path], threads: int, result: SpeedResult) -> None:
        """All files against litewright's, which is loaded first and last: the one against the other is the control."""
        if Exporter.LITEWRIGHT not in files:
            return
        paths = [*files.values(), files[Exporter.LITEWRIGHT]]
        job = {
            "paths": paths,
            "threads": threads,
            "rounds": self.effort.rounds,
            "seconds": self.effort.seconds,
        }
        samples = self.workers.run("generation_latency", job).result["samples"]
        for signature, (first, *others, last) in samples.items():
            # Loaded first and last: the mean of both has no advantage over those between.
            ours = [(a + b) / 2 for a, b in zip(first, last, strict=True)]
            compared = ((ours, first, last), *((own, ours, own) for own in others))
            for exporter, (own, above, below) in zip(files, compared, strict=True):
                ratio = median(a / b for a, b in zip(above, below, strict=True))
                timed = result.timed.setdefault(exporter, {}).setdefault(signature, {})
                timed[str(threads)] = Timed(median(own), min(own), ratio)

    def _export_cost(self, exporter: Exporter, checkpoint: Path, path: Path) -> ExportCost:
        outcomes: list[Outcome] = []
        for run in range(self.effort.exports):
            self.report(f"{exporter}: bundle {run + 1} of {self.effort.exports}")
            outcomes.append(self._export(exporter, checkpoint, path, _ENGINE_CACHE, "int8"))
        return ExportCost(
            total=min(outcome.result["total"] for outcome in outcomes),
            peak=max(outcome.memory.peak for outcome in outcomes),
            anonymous=max(outcome.memory.anonymous for outcome in outcomes),
            size=path.stat().st_size,
            runs=len(outcomes),
        )

    def _engine(self, files: dict[Exporter, Path], threads: int) -> dict[Exporter, list[Outcome]]:
        runs: dict[Exporter, list[Outcome]] = {exporter: [] for exporter in files}
        for _ in range(self.effort.engine_runs):
            for exporter, path in files.items():
                job = {
                    "bundle": path,
                    "threads": threads,
                    "prefill": PREFILL,
                    "decode": _DECODED,
                    "cache": _ENGINE_CACHE,
                }
                runs[exporter].append(self.workers.run("generation_engine", job))
        return runs


def _role(signature: str) -> str:
    return "decode" if signature == "decode" else "prefill"


def _engine_run(runs: Sequence[Outcome]) -> EngineRun:
    def middle(name: str) -> float:
        return median(run.result[name] for run in runs)

    return EngineRun(
        load=middle("load"),
        prefill=middle("prefill"),
        decode=middle("decode"),
        peak=int(median(run.memory.peak for run in runs)),
        runs=len(runs),
    )
