"""Tables of the results: rows of cells, for the terminal and for the page alike."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from benchmarks.cases import Side
from benchmarks.measure import typical
from benchmarks.results import CaseResult, Conversion, Graph, LayerCost, PassesResult, SideResult

NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Table:
    """A title, the names of the columns, and the rows: every cell is text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


_Value = Callable[[SideResult], float | None]
_Format = Callable[[float], str]


def seconds(value: float) -> str:
    """`1.2 s`, or milliseconds below one tenth of a second."""
    return f"{value:.2f} s" if abs(value) >= 0.1 else f"{1000 * value:.2f} ms"


def milliseconds(value: float) -> str:
    return f"{1000 * value:.2f} ms"


def megabytes(value: float) -> str:
    return f"{value / 1e6:,.1f} MB" if value < 1e8 else f"{value / 1e6:,.0f} MB"


def count(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.2f}"


def error(value: float) -> str:
    return f"{value:.1e}"


def percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def times(value: float) -> str:
    return f"{value:.2f} x"


def case_table(case: CaseResult) -> Table:
    """One row per figure, one column per side, with a peer's figure as a multiple of ours."""
    rows = [
        _row(case, name, value, text) for name, value, text in _figures(case) if _any(case, value)
    ]
    return Table(case.title, ("", *case.sides), tuple(rows))


def _any(case: CaseResult, value: _Value) -> bool:
    return any(value(side) is not None for side in case.sides.values())


def _row(case: CaseResult, name: str, value: _Value, text: _Format) -> tuple[str, ...]:
    own = value(case.sides[Side.LITEWRIGHT]) if Side.LITEWRIGHT in case.sides else None
    cells: list[str] = []
    for side, result in case.sides.items():
        figure = value(result)
        if figure is None:
            cells.append(NOTHING)
        elif own and side != Side.LITEWRIGHT:
            cells.append(f"{text(figure)} ({times(figure / own)})")
        else:
            cells.append(text(figure))
    return (name, *cells)


def _figures(case: CaseResult) -> Iterable[tuple[str, _Value, _Format]]:
    yield "conversion", _conversion(lambda c: c.total), seconds
    yield "peak memory", _conversion(lambda c: float(c.peak)), megabytes
    yield "of it allocated", _conversion(lambda c: float(c.anonymous)), megabytes
    yield "file", lambda side: side.size, megabytes
    signatures = dict.fromkeys(name for side in case.sides.values() for name in side.graphs)
    for signature in signatures:
        prefix = f"{signature}: " if len(signatures) > 1 else ""
        yield f"{prefix}ops", _graph(signature, "ops"), count
        yield f"{prefix}ops, composites expanded", _graph(signature, "expanded"), count
        yield f"{prefix}delegate partitions", _graph(signature, "partitions"), count
        yield f"{prefix}ops outside of them", _outside(signature), count
        for threads in case.control.get(signature, ()):
            name = f"{prefix}latency, {threads} thread{'s' if threads != '1' else ''}"
            yield name, _latency(signature, threads), milliseconds
    yield "peak memory of a run", lambda side: side.run_peak, megabytes
    yield "error, with the delegate", lambda side: side.errors.get("delegate"), error
    yield "error, without", lambda side: side.errors.get("kernels"), error


def _conversion(part: Callable[[Conversion], float]) -> _Value:
    return lambda side: None if side.conversion is None else part(side.conversion)


def _graph(signature: str, name: str) -> _Value:
    def value(side: SideResult) -> float | None:
        graph = side.graphs.get(signature)
        return None if graph is None else getattr(graph, name)

    return value


def _outside(signature: str) -> _Value:
    def value(side: SideResult) -> float | None:
        graph = side.graphs.get(signature)
        return None if graph is None else sum(graph.outside.values())

    return value


def _latency(signature: str, threads: str) -> _Value:
    def value(side: SideResult) -> float | None:
        latency = side.latency.get(signature, {}).get(threads)
        return None if latency is None else typical(latency, int(threads))

    return value


def stages_table(case: CaseResult) -> Table:
    """Seconds by stage; stages that two converters happen to name alike need not be alike."""
    known = {s: r.conversion for s, r in case.sides.items() if r.conversion is not None}
    return Table(
        f"{case.title}: stages",
        ("converter", "before", "stages", "total"),
        tuple(
            (side, _parts(each.before), _parts(each.stages), seconds(each.total))
            for side, each in known.items()
        ),
    )


def _parts(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {seconds(value)}" for name, value in values.items())


def ops_table(case: CaseResult) -> Table:
    """The ops of each graph by name, most frequent first, and those that no partition took."""
    rows = [
        (side, signature, _counts(graph.histogram), _counts(graph.outside) or NOTHING)
        for side, result in case.sides.items()
        for signature, graph in result.graphs.items()
    ]
    columns = ("converter", "signature", "ops", "outside of the delegate")
    return Table(f"{case.title}: ops", columns, tuple(rows))


def _counts(values: Mapping[str, int]) -> str:
    ordered = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number} {name}" for name, number in ordered)


def layer_cost_tables(cost: LayerCost) -> list[Table]:
    """What a layer costs each side; for litewright, beside capture and a plain copy."""
    rows = [
        (
            side,
            seconds(stages["total"]),
            _parts({name: value for name, value in stages.items() if name != "total"}),
            megabytes(cost.peak[side]),
            megabytes(cost.file_bytes[side]),
            ", ".join(f"{name} {count(ops)}" for name, ops in cost.ops[side].items()),
        )
        for side, stages in cost.stages.items()
    ]
    columns = ("converter", "seconds", "by stage", "peak memory", "file", "ops")
    tables = [Table("One decoder layer more", columns, tuple(rows))]
    if Side.LITEWRIGHT in cost.stages:
        tables.append(_own_layer_table(cost))
    return tables


def _own_layer_table(cost: LayerCost) -> Table:
    stages = cost.stages[Side.LITEWRIGHT]
    write = stages["write"]
    capture = sum(cost.capture.values())
    rest = stages["total"] - write
    return Table(
        "One layer more of litewright, and what it is measured against",
        ("", "seconds", "litewright's share"),
        (
            (
                f"capture ({_parts(cost.capture)})",
                seconds(capture),
                NOTHING,
            ),
            ("conversion without writing", seconds(rest), times(rest / capture)),
            ("a plain copy of the layer's bytes", seconds(cost.copy), NOTHING),
            ("the same, until the disk has it", seconds(cost.synced_copy), NOTHING),
            (
                "writing them, until the disk has it",
                seconds(write),
                times(write / cost.synced_copy),
            ),
        ),
    )


def passes_tables(result: PassesResult) -> list[Table]:
    """Time beside `torch.export`, graphs by plan, and what imports take."""
    return [_pass_times(result), _graphs_by_plan(result), _import_times(result)]


def _pass_times(result: PassesResult) -> Table:
    capture, total = sum(result.export.values()), sum(result.seconds.values())
    parts = sorted(result.seconds.items(), key=lambda item: -item[1])
    rows = [
        (f"torch.export ({_parts(result.export)})", seconds(capture), NOTHING),
        ("a whole conversion, but for writing", seconds(result.conversion), NOTHING),
        ("all passes", seconds(total), percent(total / capture)),
        *((name, seconds(value), percent(value / capture)) for name, value in parts),
    ]
    columns = ("", "seconds", "of torch.export")
    return Table(f"Passes: {result.title}", columns, tuple(rows))


def _graphs_by_plan(result: PassesResult) -> Table:
    rows = [
        (title, signature, *(_sizes(plans[plan][signature]) for plan in _PLAN_TITLES))
        for title, plans in result.graphs.items()
        for signature in next(iter(plans.values()))
    ]
    columns = ("model", "signature", *_PLAN_TITLES.values())
    return Table("Ops and delegate partitions, by the passes that run", columns, tuple(rows))


_PLAN_TITLES = {"none": "none", "fx": "FX", "stablehlo": "and StableHLO", "tfl": "and tfl: all"}


def _sizes(graph: Graph) -> str:
    return f"{graph.ops} ops, {graph.partitions} partitions"


def _import_times(result: PassesResult) -> Table:
    rows = [(f"`{name}`", milliseconds(value)) for name, value in result.imports.items()]
    return Table("A process that runs one statement", ("statement", "time"), tuple(rows))
