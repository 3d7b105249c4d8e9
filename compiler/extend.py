"""The public calls by which others add to the compiler. Nothing else registers anything.

What is registered holds for every conversion of the process. For one conversion alone, give it to
`convert(passes=...)`; for every process of an environment, name it in an entry point of your package.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .driver.extensions import REGISTRY, Extensions, as_rule, placed
from .driver.plan import PassPlan, Placed, Stage
from .driver.presets import DEFAULT, EMPTY
from .targets import Target

__all__ = [
    "DEFAULT",
    "EMPTY",
    "PassPlan",
    "Placed",
    "place",
    "register_composite",
    "register_legalisation",
    "register_lowering",
    "register_pass",
    "register_target",
]

_Decorated = TypeVar("_Decorated")


def place(item: object, *, stage: Stage, after: str = "", before: str = "") -> Placed:
    """Gives a pass a place, without registering it.

    Args:
        item: a pass or its class, a rule, or the class of a pattern rule.
        stage: `fx`, `stablehlo` or `tfl`.
        after: the pass behind which it runs, behind the last one of that name; at the end of the stage if
            neither `after` nor `before` is given.
        before: the pass in front of which it runs, in front of the first one of that name.

    Raises:
        UserError: `item` cannot be made a pass, or there is no such stage.
    """
    return placed(item, stage, after=after, before=before)


def register_pass(
    *, stage: Stage, after: str = "", before: str = ""
) -> Callable[[_Decorated], _Decorated]:
    """Decorates a class derived from `Pass` or `PatternRule`, or a `Rule`: it runs in every conversion.

    The arguments are those of `place`.

    Raises:
        UserError: another pass has its name, `after` or `before` names no pass, or the two contradict each
            other. Nothing is registered then.
    """

    def register(item: _Decorated) -> _Decorated:
        REGISTRY.add(Extensions(passes=(placed(item, stage, after=after, before=before),)))
        return item

    return register


def register_legalisation(item: _Decorated) -> _Decorated:
    """Decorates a `Rule`, or a class derived from `PatternRule`, from StableHLO to tfl.

    It is tried before those of litewright. Its root is an op name, or `composite:NAME`.

    Raises:
        UserError: there is one of its name, or it is no rule.
    """
    REGISTRY.add(Extensions(legalisations=(as_rule(item),)))
    return item


def register_lowering(op: Any) -> Callable[[_Decorated], _Decorated]:
    """Decorates a lowering of a torch op to StableHLO: a function of a context and the op's own arguments.

    Args:
        op: an overload (`torch.ops.acme.swish.default`).

    Raises:
        UserError: the op has a lowering already.
    """

    def register(rule: _Decorated) -> _Decorated:
        REGISTRY.add(Extensions(lowerings=((op, rule),)))
        return rule

    return register


def register_composite(item: _Decorated) -> _Decorated:
    """Registers a `CompositePattern` or `CompositeModule`, which is marked in every conversion.

    Raises:
        UserError: there is one of its name.
    """
    REGISTRY.add(Extensions(composites=(item,)))
    return item


def register_target(target: Target) -> Target:
    """Registers a target, which `convert(target=...)` then knows by its name.

    Raises:
        UserError: there is one of its name.
    """
    REGISTRY.add(Extensions(targets=(target,)))
    return target
