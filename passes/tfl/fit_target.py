"""Ops said another way, where the target would not take them, or would take them and be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litewright.compiler.targets import XNNPACK, Target, target_named
from litewright.passes.core import RewritePass, Rule

from .fitting import convolutions, elementwise, movement, products, searches


@dataclass(frozen=True)
class FitTarget(RewritePass):
    """Says ops in a way that the target takes, where it does not take them as they are.

    Every rule asks the target first, and about every op that it has built; what the target does not want
    either is taken away again. For the GPU, a constant that meets a tensor of its own two dimensions::

        %1 = "tfl.add"(%x, %table) : (tensor<24x384xf32>, tensor<24x384xf32>) -> tensor<24x384xf32>

    becomes::

        %1 = "tfl.reshape"(%x, dense<[1, 24, 384]>) : ... -> tensor<1x24x384xf32>
        %2 = "tfl.add"(%1, %table) : ... -> tensor<1x24x384xf32>
        %3 = "tfl.reshape"(%2, dense<[24, 384]>) : ... -> tensor<24x384xf32>

    Nothing is done for a target that does not ask for it (`Target.fits`).

    Attributes:
        target: who is asked, or its name. A conversion sets it to its own.
    """

    target: Target | str = XNNPACK.name

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        target = target_named(self.target) if isinstance(self.target, str) else self.target
        if not target.fits:
            return ()
        families = (elementwise, products, convolutions, movement, searches)
        return [rule for family in families for rule in family.rules(target)]
