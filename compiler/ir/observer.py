"""Who looks on while passes run: verifying, timing, dumping, tracing and bisecting are observers.

A pass knows nothing of them. They live beside the IR, since inspection may not know passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from .mlir import ir

if TYPE_CHECKING:
    from torch.fx import Node

Observed = TypeVar("Observed", contravariant=True)


class Observer(Generic[Observed]):
    """Looks on, changes nothing. Every method does nothing unless a subclass overrides it.

    `Observed` is what the passes work on: `Program`, `FxProgram`, or `object` for both.
    """

    def lowering(self, name: str) -> None:
        """Called before a lowering; `name` as in `lowered`. Rules that apply until then are the lowering's."""

    def lowered(self, name: str, unit: Observed) -> None:
        """Called with what a lowering has made: `fx_NAME` for a captured signature, `stablehlo`, `tfl`."""

    def before(self, pass_name: str, unit: Observed) -> None:
        """Called before a pass."""

    def after(self, pass_name: str, unit: Observed, *, changed: bool) -> None:
        """Called after a pass that did not raise; `changed` is what the pass said."""

    def failed(self, pass_name: str, unit: Observed, error: Exception) -> None:
        """Called when a pass, or an observer after it, raised; may add notes to the error.

        Where passes are repeated and never settle, `pass_name` is those that still change something,
        with commas.
        """

    def applied(self, rule: str, op: ir.OpView) -> None:
        """Called when a rule is about to replace `op`, its root."""

    def declined(self, rule: str, op: ir.OpView, why: object) -> None:
        """Called when a rule was tried at `op` and declined; `str(why)` is the reason."""

    def marked(self, composite: str, node: Node) -> None:
        """Called when a region of an FX graph is about to become a composite; `node` computes its result."""

    def not_marked(self, composite: str, node: Node, why: object) -> None:
        """Called when a region was to become a composite and cannot; `str(why)` is the reason."""
