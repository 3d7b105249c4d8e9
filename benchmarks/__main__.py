"""`python -m benchmarks [CASE ...]`: measure, print, and write the page of the documentation."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from benchmarks.cases import CASES, Case, Side, select
from benchmarks.children import WorkerError, Workers
from benchmarks.layer_cost import measure_layer_cost
from benchmarks.measure import Bench, Effort
from benchmarks.page import page
from benchmarks.passes import measure_passes
from benchmarks.peer_environment import peer_python
from benchmarks.results import Results
from benchmarks.setting import describe
from benchmarks.tables import Table, case_table, layer_cost_tables, passes_tables, stages_table
from benchmarks.terminal import (
    console,
    places,
    report,
    show_failure,
    show_tables,
    warn_if_busy,
)

LAYER_COST, PASSES = "layer-cost", "passes"
_QUICK = Effort(conversions=1, orders=1, rounds=2, seconds=0.1)


@click.command(help=__doc__)
@click.argument(
    "cases", nargs=-1, type=click.Choice([*(case.name for case in CASES), LAYER_COST, PASSES])
)
@click.option("--large", is_flag=True, help="Also the models that need 16 GB of memory.")
@click.option(
    "--side",
    "sides",
    multiple=True,
    type=click.Choice([side.value for side in Side]),
    help="Only these.",
)
@click.option("--quick", is_flag=True, help="One conversion, short timing: to try the harness.")
@places("benchmarks", "Folder for checkpoints, models and logs; the large decoder wants 20 GB.")
def main(
    *,
    cases: tuple[str, ...],
    large: bool,
    sides: tuple[str, ...],
    quick: bool,
    work: Path,
    output: Path,
) -> None:
    chosen = tuple(Side(side) for side in sides) or tuple(Side)
    named = tuple(name for name in cases if name not in (LAYER_COST, PASSES))
    selected = select(named, large=large) if named or not cases else []
    command = _command(cases, sides, large=large, quick=quick)
    with_peer = cases != (PASSES,) and any(side.in_peer_environment for side in chosen)
    peer = peer_python(report) if with_peer else None
    work = work.resolve()
    bench = Bench(Workers(work, peer), work, _QUICK if quick else Effort(), report)
    results_path, page_path = output.with_suffix(".json"), output.with_suffix(".md")
    results = Results.load(results_path)

    def save() -> None:
        results.save(results_path)
        page_path.write_text(page(results))

    warn_if_busy()
    fine = True
    for case in selected:
        fine &= _measure_case(bench, case, chosen, results, command)
        save()
    if LAYER_COST in cases or not cases:
        fine &= _measure_layer_cost(bench, chosen, results, command)
        save()
    if PASSES in cases or not cases:
        fine &= _measure_passes(bench, results, command)
        save()
    console.print(f"written: {results_path}, {page_path}")
    sys.exit(0 if fine else 1)


def _measure_case(
    bench: Bench, case: Case, sides: tuple[Side, ...], results: Results, command: str
) -> bool:
    """Measure a case into the results; whether nothing failed."""
    console.rule(case.title)
    try:
        result = bench.case(case, [s for s in case.sides if s in sides], describe(command))
    except WorkerError as error:
        show_failure(f"{case.name}: {error}")
        return False
    results.cases[case.name] = result
    failures = {side: each.failure for side, each in result.sides.items()}
    return _show(
        [case_table(result), stages_table(result)], {**failures, "latency": result.failure}
    )


def _measure_layer_cost(
    bench: Bench, sides: tuple[Side, ...], results: Results, command: str
) -> bool:
    """Measure what a layer costs into the results; whether nothing failed."""
    console.rule("One decoder layer more")
    try:
        cost = measure_layer_cost(bench, sides, describe(command))
    except WorkerError as error:
        show_failure(f"{LAYER_COST}: {error}")
        return False
    results.layer_cost = cost
    return _show(layer_cost_tables(cost), cost.failures)


def _measure_passes(bench: Bench, results: Results, command: str) -> bool:
    """Measure what passes cost and gain into the results; whether nothing failed."""
    console.rule("Passes")
    try:
        results.passes = measure_passes(bench, describe(command))
    except WorkerError as error:
        show_failure(f"{PASSES}: {error}")
        return False
    return _show(passes_tables(results.passes), {})


def _show(tables: Sequence[Table], failures: Mapping[str, str | None]) -> bool:
    """Print tables, and what failed; whether nothing did."""
    show_tables(tables)
    known = {name: failure for name, failure in failures.items() if failure is not None}
    for name, failure in known.items():
        show_failure(f"{name} failed: {failure}")
    return not known


def _command(cases: tuple[str, ...], sides: tuple[str, ...], *, large: bool, quick: bool) -> str:
    """What to type to measure this again, without folders that are of no concern to others."""
    options = [name for name, given in (("--large", large), ("--quick", quick)) if given]
    options += [f'--side "{side}"' for side in sides]
    return " ".join(["python -m benchmarks", *options, *cases])


if __name__ == "__main__":
    main()
