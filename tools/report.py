"""Facts about a model as tables on standard output."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from litewright.compiler.inspect import ModelFacts, SignatureFacts, SizeFacts, WeightFacts

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_MOST_REASONS = 20


def print_model(facts: ModelFacts, console: Console) -> None:
    """Prints every signature, then the sizes."""
    for signature in facts.signatures:
        _print_signature(signature, facts.target, console)
    _print_sizes(facts.sizes, console)


def megabytes(count: int) -> str:
    """A number of bytes as people read it: `86.6 MB`, `1.2 kB`."""
    if count >= 1_000_000:
        return f"{count / 1e6:.1f} MB"
    return f"{count / 1e3:.1f} kB" if count >= 1000 else f"{count} B"


def new_table(*columns: str, numbers: frozenset[str] = frozenset()) -> Table:
    """A table without frame; `numbers` are the columns that are set flush right."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left")
    return table


def _print_signature(signature: SignatureFacts, target: str, console: Console) -> None:
    from rich.markup import escape

    console.print(f"[bold]signature {escape(signature.name)}[/bold]")
    for label, tensors in (("in", signature.inputs), ("out", signature.outputs)):
        for tensor in tensors:
            console.print(f"  {label:>3}  {escape(str(tensor))}", highlight=False)
    histogram = new_table("op", "count", numbers=frozenset({"count"}))
    for op, count in signature.histogram.items():
        histogram.add_row(op, str(count))
    console.print(histogram)
    if any(element.startswith("q") for element in signature.values):
        computed = ", ".join(f"{count} {element}" for element, count in signature.values.items())
        console.print(f"values by element type: {computed}", highlight=False)
    left = signature.not_delegated
    console.print(
        f"{signature.delegated} of {signature.ops} ops delegated on {target}"
        + (", and these are not:" if left else "")
    )
    if left:
        _print_left(signature, console)
    console.print()


def _print_left(signature: SignatureFacts, console: Console) -> None:
    from rich.markup import escape

    left = signature.not_delegated
    table = new_table("op", "why", "from")
    for each in left[:_MOST_REASONS]:
        table.add_row(each.op, escape(each.reason), escape(each.origin))
    console.print(table)
    if len(left) > _MOST_REASONS:
        console.print(f"... and {len(left) - _MOST_REASONS} more (--json lists all)")


def _print_sizes(sizes: SizeFacts, console: Console) -> None:
    from rich.markup import escape

    console.print(
        f"{megabytes(sizes.total)}: {megabytes(sizes.weights)} in {_counted(sizes.count)}, "
        f"{megabytes(sizes.constants)} in constants",
        highlight=False,
    )
    if not sizes.largest:
        return
    table = new_table("weight", "type", "size", numbers=frozenset({"size"}))
    for weight in sizes.largest:
        shape = ", ".join(map(str, weight.shape))
        table.add_row(
            escape(weight.symbol), escape(f"{weight.dtype}[{shape}]"), megabytes(weight.bytes)
        )
    console.print(table)


def print_weights(weights: Sequence[WeightFacts], console: Console) -> None:
    """Prints a line for each weight, in the order given; `SNR` only where any is known."""
    from rich.markup import escape

    errors = any(weight.snr is not None for weight in weights)
    columns = ("weight", "dtype", "granularity", "shape", "size", "scales")
    table = new_table(*columns, *(["SNR"] if errors else []), numbers=_NUMBERS)
    for weight in weights:
        cells = (
            escape(weight.name),
            weight.dtype,
            weight.granularity or "-",
            escape(str(list(weight.shape))),
            megabytes(weight.bytes),
            megabytes(weight.scale_bytes) if weight.scale_bytes else "-",
        )
        table.add_row(*cells, *([_decibels(weight.snr)] if errors else []))
    # Nothing of a name may be left out, however narrow the terminal is; a pipe has no width at all.
    table.columns[0].overflow = "fold"
    if not console.is_terminal:
        console.width = UNBOUNDED
    console.print(table)
    total = sum(weight.bytes + weight.scale_bytes for weight in weights)
    console.print(f"{megabytes(total)} in {_counted(len(weights))}", highlight=False)


def _counted(weights: int) -> str:
    return "1 weight" if weights == 1 else f"{weights} weights"


def print_errors(weights: Sequence[WeightFacts], console: Console) -> None:
    """Prints the rounded weights in the order given, or that there are none."""
    if weights:
        print_weights(weights, console)
    else:
        console.print("no weight is rounded: what is stored is what the model holds")


UNBOUNDED = 10_000
_NUMBERS = frozenset({"size", "scales", "SNR"})


def _decibels(snr: float | None) -> str:
    if snr is None:
        return "-"
    return f"{snr:.1f} dB" if math.isfinite(snr) else "exact"


def json_of(weight: WeightFacts) -> dict[str, Any]:
    """A weight for JSON, which has no infinity: the SNR of what loses nothing is the text `Infinity`."""
    found = dataclasses.asdict(weight)
    if weight.snr is not None and not math.isfinite(weight.snr):
        found["snr"] = "Infinity"
    return found
