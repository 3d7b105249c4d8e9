"""Which spec a weight gets: what the recipe asks for at each op that reads it, settled and made legal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..targets.weight_schemes import CPU_WEIGHTS, WeightTable, why_not_runnable
from .recipe import Reading, Recipe
from .specs import Compute, QuantSpec

_BLOCK_SIZES = (256, 128, 64, 32)


@dataclass(frozen=True, slots=True)
class Site:
    """An op that reads a weight.

    Attributes:
        reading: what rules look at.
        shape: of the weight.
        axis: the dimension of output channels there.
        table: what the target computes with.
    """

    reading: Reading
    shape: tuple[int, ...]
    axis: int
    table: WeightTable = CPU_WEIGHTS


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes of a weight.

    Attributes:
        spec: how it is stored; None if it stays as it is.
        axis: the dimension whose indices have scales of their own; None if there is one for all.
        computes: for each site, whether the op reads integers or what a DEQUANTIZE makes of them.
        notes: what was asked and could not be given, and why.
    """

    spec: QuantSpec | None
    axis: int | None = None
    computes: tuple[Compute, ...] = ()
    notes: tuple[str, ...] = ()


def choose(recipe: Recipe, sites: Sequence[Site], others: Sequence[str] = ()) -> Choice:
    """Settles on one form of a weight.

    Each site asks for what its rule says; the most exact of the wishes is taken, since the weight is in the
    file once. A form that some op cannot read is replaced by the nearest that all can.

    Args:
        recipe: the wishes.
        sites: the ops that read the weight.
        others: names of ops that read it too, and can read floats alone.
    """
    rules = [recipe.rule_for(site.reading) for site in sites]
    wishes = [rule.spec if rule is not None else None for rule in rules]
    asked = [wish for wish in wishes if wish is not None]
    if not asked:
        return Choice(None)
    if len(asked) < len(wishes):
        floats = [s.reading.kind for s, wish in zip(sites, wishes, strict=True) if wish is None]
        return Choice(None, notes=(_kept(asked[0], f"{floats[0]} reads it as it is"),))
    best = max(asked, key=_exactness)
    if others:
        best = replace(best, compute="float")
        return Choice(None, notes=(_kept(best, f"{others[0]} reads it too, and reads floats"),))
    return _legal(best, wishes, sites)


def _legal(best: QuantSpec, wishes: Sequence[QuantSpec | None], sites: Sequence[Site]) -> Choice:
    """The nearest to `best` that all sites can read."""
    reasons: list[str] = []
    for spec in (best, *_nearest(best)):
        computes: list[Compute] = []
        why: str | None = None
        for site, wish in zip(sites, wishes, strict=True):
            compute = wish.compute if wish is not None else spec.compute
            found, why = _compute(spec, compute, site)
            if found is None:
                break
            computes.append(found)
        if why is None and _axes(spec, sites) is None:
            why = "the ops that read it have their output channels in different dimensions"
        if why is None:
            notes = (
                (f"{best.scheme} was asked, {spec.scheme} given: {reasons[0]}",) if reasons else ()
            )
            return Choice(spec, _axis(spec, sites), tuple(computes), notes)
        reasons.append(why)
    return Choice(None, notes=(_kept(best, reasons[0]),))


def _compute(spec: QuantSpec, compute: Compute, site: Site) -> tuple[Compute | None, str | None]:
    """How a site can read a weight: as asked, or unpacked where that is the only way."""
    wanted: Compute = compute if spec.is_integer else "float"
    if spec.is_integer and site.reading.kind == "embedding_lookup":
        wanted = "integer"  # Rows are unpacked as they are read.
    if spec.is_integer and site.table.unpacks:
        wanted = "integer"
    why = why_of(replace(spec, compute=wanted), site)
    return (wanted, None) if why is None else (None, why)


def why_of(spec: QuantSpec, site: Site) -> str | None:
    """Why a site cannot read a weight in this form."""
    return why_not_runnable(site.reading.kind, spec, site.shape, site.table)


def _nearest(spec: QuantSpec) -> Iterator[QuantSpec]:
    """Forms to fall back on, the nearest first; none is less exact, but the last, one scale for all."""
    if spec.granularity == "block":
        for size in _BLOCK_SIZES:
            if size < spec.block_size:
                yield replace(spec, block_size=size)
    if spec.is_integer:
        yield replace(spec, granularity="channel", block_size=0, element="int8")
        yield replace(spec, granularity="tensor", block_size=0, element="int8")


def _exactness(spec: QuantSpec) -> tuple[int, int, int]:
    order = {"tensor": 0, "channel": 1, "block": 2}
    return (spec.bits, order[spec.granularity], -spec.block_size)


def _axes(spec: QuantSpec, sites: Sequence[Site]) -> set[int | None] | None:
    """The axis of every site; None if they differ and it matters."""
    axes: set[int | None] = {site.axis for site in sites}
    return axes if spec.granularity == "tensor" or len(axes) == 1 else None


def _axis(spec: QuantSpec, sites: Sequence[Site]) -> int | None:
    return None if spec.granularity == "tensor" else sites[0].axis


def _kept(asked: QuantSpec, why: str) -> str:
    return f"{asked.scheme} was asked, it stays as it is: {why}"
