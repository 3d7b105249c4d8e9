"""The page of the documentation that the results make: no figure in it is written by hand."""

from collections.abc import Iterable, Mapping

from benchmarks.generation.families import family_of
from benchmarks.generation.results import (
    BundleResult,
    Exporter,
    MemoryResult,
    Results,
    SpeedResult,
)
from benchmarks.page import describe_setting, markdown
from benchmarks.peer_environment import PEER
from benchmarks.tables import NOTHING, Table, megabytes, milliseconds, seconds, times

_HEAD = f"""# Benchmarks of language models

litewright beside {PEER}, in the same run on the same machine, from checkpoint folders in Hugging Face layout with
random weights. This page is generated: edit `benchmarks/generation/`, not this file. `python -m benchmarks.generation`
measures again and writes it anew.

How to read it:

* Models have the widths of the models that they are named after, few layers, and 32,000 tokens in their vocabulary.
* *export_hf* is litert-torch's command for such folders; *authoring layers* is its own TinyLlama, written anew, with
  the attention mask as an input.
* Times are of a call of the runtime with caches written in place and weights packed once, as LiteRT-LM does it: prefill
  of 128 tokens, decode of one. Models are called in turns; a *ratio* is the median over neighbouring visits of
  litewright's time over the other's: below 1, litewright is faster. Its file is loaded first and last, since what is
  loaded first looks slower; its time is the mean of both, and *control* is the one over the other.
* *Ops* counts composites as their decompositions.
"""

_MADE = """From the call to the bundle being written, libraries imported before; peak memory of the whole process,
mapped file pages included. litewright's proof is left out, since litert-torch has none.
"""
_RUN = """In the engine of LiteRT-LM, as `litert-lm benchmark` with its cache in memory, 128 tokens of prefill and 64
of decode; a process for each run, in turns, medians; peak memory of the whole process.
"""
_GROWN = """In litewright's own runner, prefill and decode signatures, one thread: by how much the process grows at its
worst, mapped file pages included.
"""


def page(results: Results) -> str:
    """The whole page, as Markdown."""
    parts = [_HEAD]
    for schemes in _by_family(results.speed.values()).values():
        parts += _speed(schemes)
    for bundles in results.bundles.values():
        parts += _bundles(bundles)
    if results.memory:
        parts += _memory(list(results.memory.values()))
    return "\n".join(parts)


def speed_tables(result: SpeedResult) -> tuple[Table, Table]:
    """Times and ratios; graphs and sizes."""
    times_rows: list[tuple[str, ...]] = []
    for signature in ("decode", "prefill"):
        ours = result.timed.get(Exporter.LITEWRIGHT, {}).get(signature, {})
        for threads, own in ours.items():
            row = [f"{signature}, {_threads(threads)}", milliseconds(own.median)]
            for exporter in result.timed:
                if exporter != Exporter.LITEWRIGHT:
                    other = result.timed[exporter][signature][threads]
                    row.append(f"{milliseconds(other.median)} (ratio {other.ratio:.2f})")
            times_rows.append((*row, f"{own.ratio:.2f}"))
    graph_rows: list[tuple[str, ...]] = []
    for exporter, graphs in result.graphs.items():
        cells = [
            f"{graphs[each][0]}, {graphs[each][1]}" if each in graphs else NOTHING
            for each in ("decode", "prefill")
        ]
        graph_rows.append((exporter, *cells, megabytes(result.sizes[exporter])))
    title = f"{_title(result)}, {result.scheme} weights, cache of {result.cache}"
    return (
        Table(title, ("", *result.timed, "control"), tuple(times_rows)),
        Table(
            title,
            ("", "decode: ops, partitions", "prefill: ops, partitions", "file"),
            tuple(graph_rows),
        ),
    )


def bundle_tables(result: BundleResult) -> tuple[Table, Table]:
    """What bundles cost to make, and how the engine runs them."""
    ours = result.exports.get(Exporter.LITEWRIGHT)
    made = [
        (
            exporter,
            seconds(cost.total) + _beside(cost.total, ours and ours.total),
            megabytes(cost.peak) + _beside(cost.peak, ours and ours.peak),
            megabytes(cost.size),
        )
        for exporter, cost in result.exports.items()
    ]
    run = [
        (
            f"{exporter}, {_threads(threads)}",
            f"{each.prefill:.0f}",
            f"{each.decode:.1f}",
            seconds(each.load),
            megabytes(each.peak),
        )
        for exporter, by_threads in result.engine.items()
        for threads, each in by_threads.items()
    ]
    columns = ("", "prefill, tokens a second", "decode, tokens a second", "to load", "peak memory")
    return (
        Table(result.family, ("", "time", "peak memory", "bundle"), tuple(made)),
        Table(result.family, columns, tuple(run)),
    )


def memory_table(results: Iterable[MemoryResult]) -> Table:
    """Memory of a model in our own runner."""
    rows: list[tuple[str, ...]] = []
    for result in results:
        for how, grown in result.grown.items():
            packed = "once" if how == "once" else "once for each signature"
            cells = [milliseconds(result.seconds[how][each]) for each in ("decode", "prefill")]
            share = times(grown / result.file)
            rows.append(
                (
                    f"{_title(result)}, {result.scheme}, packed {packed}",
                    megabytes(result.file),
                    f"{megabytes(grown)} ({share} of the file)",
                    *cells,
                )
            )
    return Table("Memory", ("", "file", "memory", "decode", "prefill"), tuple(rows))


def _by_family(results: Iterable[SpeedResult]) -> Mapping[str, list[SpeedResult]]:
    found: dict[str, list[SpeedResult]] = {}
    for each in results:
        found.setdefault(each.family, []).append(each)
    return found


def _speed(results: list[SpeedResult]) -> list[str]:
    family = results[0].family
    parts = [
        f"## {_title(results[0])}\n",
        describe_setting(
            results[0].setting, f"python -m benchmarks.generation speed --widths {family}"
        ),
    ]
    for result in results:
        parts.append(f"### {result.scheme} weights, a cache of {result.cache} positions\n")
        parts += _failures(result.failures)
        parts += [markdown(table) for table in speed_tables(result)]
    return parts


def _bundles(result: BundleResult) -> list[str]:
    again = f"python -m benchmarks.generation bundles --widths {result.family}"
    made, run = bundle_tables(result)
    return [
        f"## {_title(result)}: from checkpoint to bundle, int8\n",
        describe_setting(result.setting, again),
        *_failures(result.failures),
        _MADE,
        markdown(made),
        _RUN,
        markdown(run),
    ]


def _memory(results: list[MemoryResult]) -> list[str]:
    return [
        "## Memory of a running model\n",
        describe_setting(results[0].setting, "python -m benchmarks.generation memory"),
        _GROWN,
        markdown(memory_table(results)),
    ]


def _failures(failures: Mapping[str, str]) -> list[str]:
    return [f"{name} failed:\n\n```\n{told}\n```\n" for name, told in failures.items()]


def _title(result: SpeedResult | BundleResult | MemoryResult) -> str:
    layers = f"{result.layers} layer{'s' if result.layers > 1 else ''}"
    return f"{family_of(result.family).title}, {layers}"


def _threads(threads: str) -> str:
    return f"{threads} thread{'s' if threads != '1' else ''}"


def _beside(value: float, ours: float | None) -> str:
    return "" if not ours or value == ours else f" ({times(value / ours)})"
