"""`python -m benchmarks.generation [PART ...]`: measure, print, and write the page of the documentation."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from benchmarks.children import WorkerError, Workers
from benchmarks.generation.families import DEFAULT_FAMILIES, FAMILIES, Family, family_of
from benchmarks.generation.measure import Bench, Effort
from benchmarks.generation.page import bundle_tables, memory_table, page, speed_tables
from benchmarks.generation.results import Results
from benchmarks.peer_environment import peer_python
from benchmarks.setting import describe
from benchmarks.tables import Table
from benchmarks.terminal import (
    console,
    places,
    report,
    show_failure,
    show_tables,
    warn_if_busy,
)

_PARTS = ("speed", "bundles", "memory")
_QUICK = Effort(exports=1, engine_runs=1, rounds=6, seconds=0.02)
_BUNDLED = "tinyllama"


@click.command(help=__doc__)
@click.argument("parts", nargs=-1, type=click.Choice(_PARTS))
@click.option(
    "--widths",
    multiple=True,
    type=click.Choice([each.name for each in FAMILIES]),
    help=f"Only these models; by default {' and '.join(DEFAULT_FAMILIES)}, and {_BUNDLED} alone for bundles "
    "and memory.",
)
@click.option("--layers", type=click.IntRange(min=1), help="Instead of each model's own few.")
@click.option("--cache", "caches", multiple=True, type=int, default=(512, 2048), show_default=True)
@click.option(
    "--scheme",
    "schemes",
    multiple=True,
    type=click.Choice(["int8", "float"]),
    default=("int8", "float"),
    show_default=True,
)
@click.option("--no-peer", is_flag=True, help="litewright alone.")
@click.option("--quick", is_flag=True, help="One export, short timing: to try the harness.")
@places("benchmarks-generation", "Folder for checkpoints, models and logs.")
def main(
    *,
    parts: tuple[str, ...],
    widths: tuple[str, ...],
    layers: int | None,
    caches: tuple[int, ...],
    schemes: tuple[str, ...],
    no_peer: bool,
    quick: bool,
    work: Path,
    output: Path,
) -> None:
    chosen = parts or _PARTS
    peer = None if no_peer or chosen == ("memory",) else peer_python(report)
    work = work.resolve()
    bench = Bench(Workers(work, peer), work, _QUICK if quick else Effort(), report)
    results_path, page_path = output.with_suffix(".json"), output.with_suffix(".md")
    setting = describe(_command(sys.argv[1:]))
    run = Run(bench, Results.load(results_path), setting, caches, schemes)
    measures = {"speed": run.speed, "bundles": run.bundles, "memory": run.memory}
    warn_if_busy()
    fine = True
    for part in chosen:
        names = widths or (DEFAULT_FAMILIES if part == "speed" else (_BUNDLED,))
        for family in map(family_of, names):
            console.rule(f"{family.title}: {part}")
            try:
                for tables in measures[part](family, layers or family.layers):
                    show_tables(tables)
                    run.results.save(results_path)
                    page_path.write_text(page(run.results))
            except WorkerError as error:
                show_failure(f"{family.name}: {error}")
                fine = False
    console.print(f"written: {results_path}, {page_path}")
    sys.exit(0 if fine and not run.failed else 1)


def _command(arguments: Sequence[str]) -> str:
    """What to type to measure this again, without folders that are of no concern to others."""
    kept: list[str] = []
    rest = iter(arguments)
    for each in rest:
        if each in ("--work", "--output"):
            next(rest, None)
        else:
            kept.append(each)
    return " ".join(["python -m benchmarks.generation", *kept])


@dataclass(slots=True)
class Run:
    """Measurements into results; each yields the tables of what is new."""

    bench: Bench
    results: Results
    setting: dict[str, Any]
    caches: Sequence[int]
    schemes: Sequence[str]
    failed: bool = False

    def speed(self, family: Family, layers: int) -> Iterator[Iterable[Table]]:
        """Every scheme of weights with every length of the cache."""
        for scheme in self.schemes:
            for cache in self.caches:
                found = self.bench.speed(family, layers, cache, scheme, self.setting)
                self.results.speed[found.key] = found
                self._tell(found.failures)
                yield speed_tables(found)

    def bundles(self, family: Family, layers: int) -> Iterator[Iterable[Table]]:
        """Bundles, made and run."""
        found = self.bench.bundles(family, layers, self.setting)
        self.results.bundles[f"{family.name}-{layers}"] = found
        self._tell(found.failures)
        yield bundle_tables(found)

    def memory(self, family: Family, layers: int) -> Iterator[Iterable[Table]]:
        """Every scheme of weights."""
        for scheme in self.schemes:
            found = self.bench.memory(family, layers, scheme, self.setting)
            self.results.memory[f"{family.name}-{layers}-{scheme}"] = found
            yield [memory_table([found])]

    def _tell(self, failures: Mapping[str, str]) -> None:
        for name, told in failures.items():
            show_failure(f"{name} failed: {told}")
            self.failed = True


if __name__ == "__main__":
    main()
