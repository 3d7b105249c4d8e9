"""What functions compute, found in models, as composites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litewright.compiler.composites.pattern import CompositePattern
from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.observer import Observer
from litewright.passes.core import Pass

from .marking.regions import wrap
from .marking.search import Place, Search


@dataclass(frozen=True)
class MarkPatterns(Pass[FxProgram]):
    """Makes a composite of every place where a model computes what a function does.

        %a = aten.mul(%x, 1.702)
        %b = aten.sigmoid(%a)
        %c = aten.mul(%x, %b)          =>    %c = acme.swish(%x, beta=1.702)

    Patterns are looked for one after another: what an earlier one has found, a later one does not see.

    Attributes:
        patterns: what is looked for; nothing by default.
        common: whether a conversion adds what is worth looking for in every model for its target.
    """

    patterns: tuple[CompositePattern, ...] = ()
    common: bool = False

    def run(self, unit: FxProgram) -> bool:
        """See `Pass.run`."""
        return self.run_observed(unit, ())

    def run_observed(self, unit: FxProgram, observers: Sequence[Observer[FxProgram]]) -> bool:
        """See `Pass.run_observed`.

        Raises:
            UserError: a pattern cannot be looked for.
        """
        changed = False
        for pattern in self.patterns:
            search = Search(pattern, unit.graph_module.graph)
            for place in search.places():
                if isinstance(place, Place):
                    for observer in observers:
                        observer.marked(pattern.title, place.region.outputs[-1])
                    attributes = {**pattern.attributes, **place.scalars}
                    wrap(place.region, pattern.name, attributes)
                    changed = True
                    continue
                root, why = place
                for observer in observers:
                    observer.not_marked(pattern.title, root, why)
        return changed
