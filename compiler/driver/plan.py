"""Which passes run, in which order: a plan is data, and passes of others are placed into it by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from litewright.passes.core import Pass, Repeat, RuleSet, kebab_case

from ..diagnostics import UserError

Stage = Literal["fx", "stablehlo", "tfl"]
STAGES: tuple[Stage, ...] = get_args(Stage)

AnyPass = Pass[Any]


@dataclass(frozen=True, slots=True)
class Placed:
    """A pass with its place.

    Attributes:
        item: the pass.
        stage: the level it works on.
        after: name of the pass behind which it runs, behind the last one of that name; "" for none.
        before: name of the pass in front of which it runs, in front of the first one of that name.
    """

    item: AnyPass
    stage: Stage
    after: str = ""
    before: str = ""

    def __post_init__(self) -> None:
        """Checks the stage.

        Raises:
            UserError: there is none of that name.
        """
        if self.stage not in STAGES:
            known = ", ".join(STAGES)
            raise UserError(f"pass {self.item.name}: no stage {self.stage!r}; there is {known}")


@dataclass(frozen=True, slots=True)
class PassPlan:
    """The passes of a conversion, level by level, in the order in which they run.

    Attributes:
        fx: on FX graphs, one signature at a time.
        stablehlo: on the whole program, once it is StableHLO.
        tfl: on the whole program, once it is legalised.
    """

    fx: tuple[AnyPass, ...] = ()
    stablehlo: tuple[AnyPass, ...] = ()
    tfl: tuple[AnyPass, ...] = ()

    def of(self, stage: Stage) -> tuple[AnyPass, ...]:
        """The passes of a stage."""
        return {"fx": self.fx, "stablehlo": self.stablehlo, "tfl": self.tfl}[stage]

    def names(self, stage: Stage) -> list[str]:
        """The names of a stage's passes in order, those inside of others too."""
        return [each.name for each in leaves(self.of(stage))]

    def without(self, *names: str) -> PassPlan:
        """The plan without the passes of these names.

        Raises:
            UserError: the plan has no such pass.
        """
        known = {name for stage in STAGES for name in self.names(stage)}
        for name in names:
            if name not in known:
                raise UserError(f"the plan has no pass {name!r}; it has {', '.join(sorted(known))}")
        return PassPlan(*(_kept(self.of(stage), lambda p: p.name not in names) for stage in STAGES))

    def with_passes(self, additions: Sequence[Placed]) -> PassPlan:
        """The plan with more passes, each in its place; the order of `additions` does not matter.

        One that has the name of a pass of the plan and is of the same class takes its place: that is how
        options are set.

        Raises:
            UserError: two passes of one name, an `after` or `before` that names nothing, or places that
                contradict each other.
        """
        _check_names(self, additions)
        plan = self
        pending = sorted(
            additions, key=lambda placed: (STAGES.index(placed.stage), placed.item.name)
        )
        while pending:
            ready = next((each for each in pending if _is_ready(plan, each, pending)), None)
            if ready is None:
                raise _no_place(plan, pending)
            pending.remove(ready)
            plan = _inserted(plan, ready)
        return plan


def leaves(passes: Sequence[AnyPass]) -> Iterator[AnyPass]:
    """Passes in order, with those inside of `Repeat` in its place."""
    for each in passes:
        if isinstance(each, Repeat):
            inner: tuple[AnyPass, ...] = each.passes
            yield from leaves(inner)
        else:
            yield each


def mapped(passes: Sequence[AnyPass], change: Callable[[AnyPass], AnyPass]) -> tuple[AnyPass, ...]:
    """Passes in order, those inside of `Repeat` too, each as `change` makes it."""
    return tuple(
        replace(each, passes=mapped(each.passes, change))
        if isinstance(each, Repeat)
        else change(each)
        for each in passes
    )


def _kept(passes: Sequence[AnyPass], keep: Callable[[AnyPass], bool]) -> tuple[AnyPass, ...]:
    kept: list[AnyPass] = []
    for each in passes:
        if isinstance(each, Repeat):
            inner = _kept(each.passes, keep)
            kept += [replace(each, passes=inner)] if inner else []
        elif keep(each):
            kept.append(each)
    return tuple(kept)


def _check_names(plan: PassPlan, additions: Sequence[Placed]) -> None:
    seen: dict[tuple[str, str], AnyPass] = {}
    for placed in additions:
        name = placed.item.name
        if name != kebab_case(name):
            raise UserError(f"a pass is named in kebab case: not {name!r} but {kebab_case(name)!r}")
        key = (placed.stage, name)
        there = [each for each in leaves(plan.of(placed.stage)) if each.name == name]
        rivals = [*there, *([seen[key]] if key in seen else [])]
        for rival in rivals:
            if type(rival) is not type(placed.item) or key in seen:
                raise UserError(
                    f"two passes on {placed.stage} are named {name!r}: {_who(rival)} and "
                    f"{_who(placed.item)}; rename one of them"
                )
        seen[key] = placed.item


def _who(each: AnyPass) -> str:
    kind = type(each)
    if isinstance(each, RuleSet) and each.members:
        return f"{each.members[0].defined_in}.{each.title}"
    return f"{kind.__module__}.{kind.__qualname__}"


def _is_ready(plan: PassPlan, placed: Placed, pending: Sequence[Placed]) -> bool:
    """Whether all passes that a placement speaks of, and all that want to be near it, are settled."""
    anchors = [name for name in (placed.after, placed.before) if name]
    waiting = {
        each.item.name for each in pending if each is not placed and each.stage == placed.stage
    }
    known = set(plan.names(placed.stage))
    return all(name in known and name not in waiting for name in anchors)


def _no_place(plan: PassPlan, pending: Sequence[Placed]) -> UserError:
    for placed in pending:
        there = {*plan.names(placed.stage)}
        coming = {each.item.name for each in pending if each.stage == placed.stage}
        for name in (placed.after, placed.before):
            if name and name not in there | coming:
                known = ", ".join(dict.fromkeys(plan.names(placed.stage)))
                return UserError(
                    f"pass {placed.item.name} wants a place by {name!r}, which is no pass on "
                    f"{placed.stage}; there are {known or 'none'}"
                )
    names = ", ".join(each.item.name for each in pending)
    return UserError(f"the places of these passes wait for each other: {names}")


def _inserted(plan: PassPlan, placed: Placed) -> PassPlan:
    passes = plan.of(placed.stage)
    name = placed.item.name
    if name in plan.names(placed.stage):
        changed = _replaced(passes, placed.item)
    elif not placed.after and not placed.before:
        changed = (*passes, placed.item)
    else:
        changed = _beside(passes, placed)
    return replace(plan, **{placed.stage: changed})


def _replaced(passes: Sequence[AnyPass], item: AnyPass) -> tuple[AnyPass, ...]:
    return mapped(passes, lambda each: item if each.name == item.name else each)


def _beside(passes: tuple[AnyPass, ...], placed: Placed) -> tuple[AnyPass, ...]:
    """Inserts behind the last pass named `after`, or in front of the first named `before`."""
    order = [each.name for each in leaves(passes)]
    first = order.index(placed.before) if placed.before else len(order)
    if placed.after:
        last = len(order) - 1 - order[::-1].index(placed.after)
        if last >= first:
            raise UserError(
                f"pass {placed.item.name} cannot run after {placed.after} and before "
                f"{placed.before}: {placed.before} runs first"
            )
        return _insert_at(passes, last, placed.item, behind=True)
    return _insert_at(passes, first, placed.item, behind=False)


def _insert_at(
    passes: tuple[AnyPass, ...], position: int, item: AnyPass, *, behind: bool
) -> tuple[AnyPass, ...]:
    """Inserts by the position among the leaves, inside of the `Repeat` that holds it."""
    result: list[AnyPass] = []
    count = 0
    for each in passes:
        size = sum(1 for _ in leaves((each,)))
        if not count <= position < count + size:
            result.append(each)
        elif isinstance(each, Repeat):
            inner = _insert_at(each.passes, position - count, item, behind=behind)
            result.append(replace(each, passes=inner))
        else:
            result += [each, item] if behind else [item, each]
        count += size
    return tuple(result)
