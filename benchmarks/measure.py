"""Measures one case: every side converted, looked into, checked and timed."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.cases import Case, Side
from benchmarks.children import Outcome, WorkerError, Workers
from benchmarks.results import CaseResult, Conversion, Graph, Latency, SideResult
from benchmarks.setting import available_memory

Report = Callable[[str], None]
_THREADS = (1, 4)
_MEMORY_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Effort:
    """How often things are done.

    A case is converted `conversions` times by each side, once if it is large. Each of `orders`
    processes per number of threads makes `rounds` rounds of visits of `seconds` each.
    """

    conversions: int = 2
    orders: int = 2
    rounds: int = 4
    seconds: float = 0.4


@dataclass(frozen=True, slots=True)
class Bench:
    """What measuring needs: children, a folder for files, how much effort, whom to tell."""

    workers: Workers
    folder: Path
    effort: Effort
    report: Report

    def case(self, case: Case, sides: Iterable[Side], setting: dict[str, Any]) -> CaseResult:
        """Measure a case; a side that fails is a result too, and the others go on."""
        result = CaseResult(case.title, setting)
        self.report("eager torch")
        job = self.prepare(case, case.size, with_steps=True)
        files: dict[Side, Path] = {}
        for side in sides:
            path = self.folder / f"{case.name}-{side.replace(' ', '-')}.tflite"
            outcome = SideResult()
            result.sides[side] = outcome
            try:
                self._side(case, side, path, job, outcome)
                files[side] = path
            except WorkerError as error:
                outcome.failure = str(error)
        try:
            self._latency(files, job, result)
        except WorkerError as error:
            result.failure = str(error)
        finally:
            for path in files.values():
                path.unlink(missing_ok=True)
        return result

    def prepare(self, case: Case, size: int, *, with_steps: bool) -> dict[str, Any]:
        """The part of a job that all workers on a case of that size share."""
        steps = self.folder / f"{case.name}-{size}.steps.npz" if with_steps else None
        job: dict[str, Any] = {
            "case": case.name,
            "size": size,
            "steps": steps,
            "checkpoint": self.folder / f"checkpoint-{case.model}-{size}",
        }
        return job | self.workers.run("prepare", job).result

    def convert(self, side: Side, job: dict[str, Any], path: Path, runs: int) -> Conversion:
        """Convert `runs` times, each in a process of its own."""
        worker = "convert_peer" if side.in_peer_environment else "convert_litewright"
        lightweight = side is Side.PEER_LIGHTWEIGHT
        outcomes: list[Outcome] = []
        for run in range(runs):
            self.report(f"{side}: conversion {run + 1} of {runs}")
            outcomes.append(
                self.workers.run(
                    worker,
                    {**job, "output": path, "lightweight": lightweight},
                    in_peer=side.in_peer_environment,
                )
            )
        best = min(outcomes, key=lambda outcome: outcome.result["total"])
        return Conversion(
            **best.result,
            peak=max(outcome.memory.peak for outcome in outcomes),
            anonymous=max(outcome.memory.anonymous for outcome in outcomes),
            file=max(outcome.memory.file for outcome in outcomes),
            runs=runs,
        )

    def graphs(self, path: Path) -> dict[str, Graph]:
        """The ops of a file, by signature."""
        signatures = self.workers.run("graph", {"path": path}).result["signatures"]
        return {name: Graph(**graph) for name, graph in signatures.items()}

    def _side(
        self, case: Case, side: Side, path: Path, job: dict[str, Any], result: SideResult
    ) -> None:
        runs = 1 if case.large else self.effort.conversions
        result.conversion = self.convert(side, job, path, runs)
        result.size = path.stat().st_size
        self.report(f"{side}: graph")
        result.graphs = self.graphs(path)
        self.report(f"{side}: error")
        check = {"path": path, "steps": job["steps"], "threads": max(_THREADS)}
        for name, delegate in (("delegate", True), ("kernels", False)):
            outcome = self.workers.run("accuracy", {**check, "delegate": delegate})
            result.errors[name] = outcome.result["error"]
            if delegate:
                result.run_peak = outcome.memory.peak

    def _latency(self, files: dict[Side, Path], job: dict[str, Any], result: CaseResult) -> None:
        """All files against each other, and the first a second time as the control."""
        if not files:
            return
        players = [*files.values(), next(iter(files.values()))]
        signatures = len(next(iter(result.sides[side] for side in files)).graphs)
        for threads in _THREADS:
            self.report(f"latency, threads: {threads}")
            samples = self._samples(players, signatures, threads, job)
            for signature, times in samples.items():
                timed = [_summary(each) for each in times]
                for side, latency in zip(files, timed, strict=False):
                    by_threads = result.sides[side].latency.setdefault(signature, {})
                    by_threads[str(threads)] = latency
                ratio = typical(timed[-1], threads) / typical(timed[0], threads)
                result.control.setdefault(signature, {})[str(threads)] = ratio

    def _samples(
        self, players: list[Path], signatures: int, threads: int, job: dict[str, Any]
    ) -> dict[str, list[list[float]]]:
        """Seconds by signature and player, from processes that load the players in other orders.

        Each signature packs the weights anew, so large files may not fit side by side: then each
        has a process of its own, in turns.
        """
        needed = sum(path.stat().st_size * (1 + signatures) for path in players)
        together = needed < _MEMORY_SHARE * available_memory()
        effort = self.effort
        pooled: dict[str, list[list[float]]] = {}
        for turn in range(effort.orders):
            first = turn * math.ceil(len(players) / effort.orders)
            order = [(first + index) % len(players) for index in range(len(players))]
            for group in [order] if together else [[index] for index in order]:
                task = {
                    "steps": job["steps"],
                    "threads": threads,
                    "rounds": effort.rounds,
                    "seconds": effort.seconds,
                    "paths": [players[index] for index in group],
                }
                samples = self.workers.run("latency", task).result["samples"]
                for signature, times in samples.items():
                    lists = pooled.setdefault(signature, [[] for _ in players])
                    for index, values in zip(group, times, strict=True):
                        lists[index] += values
        return pooled


def typical(latency: Latency, threads: int) -> float:
    """What two files are compared by: the median on one thread, the low percentile on several."""
    return latency.median if threads == 1 else latency.low


def _summary(times: list[float]) -> Latency:
    return Latency(median(times), quantiles(times, n=10)[0], len(times))
