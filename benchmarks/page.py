"""The page of the documentation that the results make: no figure in it is written by hand."""

from typing import Any

from benchmarks.peer_environment import PEER
from benchmarks.results import CaseResult, LayerCost, PassesResult, Results
from benchmarks.tables import (
    Table,
    case_table,
    layer_cost_tables,
    megabytes,
    ops_table,
    passes_tables,
    stages_table,
    times,
)

_HEAD = f"""# Benchmarks

litewright beside {PEER}, in the same run on the same machine. This page is generated:
edit `benchmarks/`, not this file. `make bench` measures again and writes it anew.

How to read it:

* *Conversion* runs from the call of the converter to the file being written, each in a process of
  its own, the fastest of several. Importing libraries and building the module come before and are
  listed as such. litewright's decoder comes from a checkpoint on disk, and reading it is part of
  the conversion; litert-torch's is loaded before, and that is not. litewright waits until the disk
  has the file; litert-torch leaves that to the system.
* *Peak memory* is that of the whole process, mapped file pages included.
* litert-torch's decoder is its own TinyLlama, made of its authoring layers, with the attention mask
  as an input. Every other model is the same module on both sides. *Lightweight* is an option of
  its converter.
* *Latency* is a call of the interpreter with inputs set and outputs left in place: the median on
  one thread, the tenth percentile on several, over processes that load the files in different
  orders and visit them in turns. *Control* is the same file loaded twice: a ratio within it says
  nothing.
* *Error* is the largest difference from eager PyTorch, relative to the largest magnitude of the
  output.
* In brackets: litert-torch's figure over litewright's. Above 1, litewright is better.
"""


def page(results: Results) -> str:
    """The whole page, as Markdown."""
    parts = [_HEAD]
    for name, case in results.cases.items():
        parts += _case(name, case)
    if results.layer_cost is not None:
        parts += _layer_cost(results.layer_cost)
    if results.passes is not None:
        parts += _passes(results.passes)
    return "\n".join(parts)


def _case(name: str, case: CaseResult) -> list[str]:
    parts = [f"## {case.title}\n", describe_setting(case.setting, f"python -m benchmarks {name}")]
    for side, result in case.sides.items():
        if result.failure is not None:
            parts.append(f"{side} failed:\n\n```\n{result.failure}\n```\n")
    if case.failure is not None:
        parts.append(f"No latencies:\n\n```\n{case.failure}\n```\n")
    parts.append(markdown(case_table(case)))
    parts.append(_control(case))
    parts += [markdown(stages_table(case)), markdown(ops_table(case))]
    return parts


def _control(case: CaseResult) -> str:
    ratios = [
        f"{times(ratio)} ({signature}, {threads} thread{'s' if threads != '1' else ''})"
        for signature, by_threads in case.control.items()
        for threads, ratio in by_threads.items()
    ]
    return f"Control: {', '.join(ratios)}.\n" if ratios else ""


def _layer_cost(cost: LayerCost) -> list[str]:
    parts = [
        "## One decoder layer more\n",
        describe_setting(cost.setting, "python -m benchmarks layer-cost"),
    ]
    for side, failure in cost.failures.items():
        parts.append(f"{side} failed:\n\n```\n{failure}\n```\n")
    return parts + [markdown(table) for table in layer_cost_tables(cost)]


def _passes(result: PassesResult) -> list[str]:
    head = describe_setting(result.setting, "python -m benchmarks passes")
    return ["## Passes\n", head, *(markdown(table) for table in passes_tables(result))]


def describe_setting(setting: dict[str, Any], again: str) -> str:
    """Where and how something was measured, and how to measure it again."""
    versions = ", ".join(f"{name} {version}" for name, version in setting["versions"].items())
    return (
        f"{setting['date']}, {setting['processor']}, {setting['cores']} cores, "
        f"{megabytes(setting['memory_bytes'])} of memory, {setting['system']}, "
        f"Python {setting['python']}, {versions}; load before: {setting['load']}. "
        f"Measured by `{setting['command']}`; this part alone: `{again}`.\n"
    )


def markdown(table: Table) -> str:
    """A table as Markdown; nothing where it has no rows."""
    if not table.rows:
        return ""
    lines = [table.columns, ("---",) * len(table.columns), *table.rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
