"""What others add: passes, lowerings, legalisations, composites, targets.

Three ways lead here: the decorators of the public API, the arguments of `convert`, and entry points of
installed packages. The registry holds what the decorators are given. Nothing in it depends on the order of
imports: names that clash, and places that do not exist, are errors when they are registered, and
what comes out is sorted.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import inspect
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar, cast

from litewright.passes.core import Pass, PatternRule, Rule, RuleSet

from ..diagnostics import LitewrightError, UserError
from ..targets import TARGETS, Target
from . import presets
from .marking import check_composite, title_of, with_composites
from .plan import AnyPass, PassPlan, Placed, Stage

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Extensions:
    """What others have added.

    Attributes:
        passes: with their places.
        lowerings: rows of the table of `lowering/torch_to_stablehlo`: an ATen or custom op and its rule.
        legalisations: rules that are tried before litewright's own.
        composites: patterns and module classes to mark on FX.
        targets: beside those of litewright.
    """

    passes: tuple[Placed, ...] = ()
    lowerings: tuple[Any, ...] = ()
    legalisations: tuple[Rule, ...] = ()
    composites: tuple[Any, ...] = ()
    targets: tuple[Target, ...] = ()

    def plus(self, other: Extensions) -> Extensions:
        """Both together; what is in both is in the result once."""
        return Extensions(
            *(
                tuple(_unique((*getattr(self, field.name), *getattr(other, field.name))))
                for field in fields(self)
            )
        )

    def in_order(self) -> Extensions:
        """The same, by name: what applies first is not what was registered first."""
        return Extensions(
            tuple(sorted(self.passes, key=lambda placed: (placed.stage, placed.item.name))),
            tuple(sorted(self.lowerings, key=lambda row: str(row[0]))),
            tuple(sorted(self.legalisations, key=lambda rule: rule.name)),
            tuple(sorted(self.composites, key=lambda composite: composite.name)),
            tuple(sorted(self.targets, key=lambda target: target.name)),
        )

    def check(self) -> None:
        """Checks that all of it fits together.

        Raises:
            UserError: two things of one name, or a place that does not exist.
        """
        presets.DEFAULT.with_passes(self.passes)
        _check_unique("legalisation", [rule.name for rule in self.legalisations])
        _check_unique("lowering of", [str(op) for op, _ in self.lowerings])
        for each in self.composites:
            check_composite(each)
        _check_unique("composite", [title_of(each) for each in self.composites])
        _check_unique("target", [target.name for target in (*TARGETS, *self.targets)])


class Registry:
    """What the decorators of this process were given. A registration that fails leaves it as it was."""

    def __init__(self) -> None:
        self._held = Extensions()

    def held(self) -> Extensions:
        """All of it."""
        return self._held

    def add(self, more: Extensions) -> None:
        """Adds what fits; see `Extensions.check`.

        What has been defined by the same line of the same module before is replaced, so that a cell of a
        notebook can be run again.
        """
        grown = _without_redefined(self._held, more).plus(more)
        grown.check()
        self._held = grown

    @contextlib.contextmanager
    def isolated(self) -> Generator[None]:
        """Forgets on leaving what was registered inside; for tests."""
        before = self._held
        try:
            yield
        finally:
            self._held = before


REGISTRY = Registry()


def placed(item: object, stage: Stage, *, after: str = "", before: str = "") -> Placed:
    """Makes a pass of what can be made one, and gives it a place.

    Raises:
        UserError: it is nothing that can be made a pass.
    """
    return Placed(as_pass(item), stage, after, before)


def as_pass(item: object) -> AnyPass:
    """The pass that is meant by a pass, its class, a rule, or the class of a pattern rule.

    Raises:
        UserError: it is none of these, or its class wants options, or has some and is no dataclass.
    """
    _check_options(item if isinstance(item, type) else type(item))
    if isinstance(item, Pass):
        return cast("AnyPass", item)
    if isinstance(item, Rule):
        return RuleSet(item.name, (item,))
    if isinstance(item, type) and issubclass(item, PatternRule):
        return as_pass(item.rule())
    if isinstance(item, type) and issubclass(item, Pass):
        try:
            return cast("AnyPass", item())
        except TypeError as error:
            raise UserError(
                f"{item.__qualname__} cannot be made without options ({error}); give its fields "
                "defaults, or give an instance"
            ) from error
    raise UserError(
        f"{item!r} is no pass: give a Pass, a Rule, or a class derived from Pass or PatternRule"
    )


def _check_options(kind: type[Any]) -> None:
    """Without the decorator, what is written as options of a pass would be no options."""
    if Pass not in kind.__mro__:
        return
    fields_of_class = {field.name for field in fields(kind)}
    written = inspect.get_annotations(kind)
    lost = [n for n in written if n not in fields_of_class and "ClassVar" not in str(written[n])]
    if lost:
        raise UserError(
            f"{kind.__qualname__} is no dataclass, so that {', '.join(lost)} cannot be set: decorate it with "
            "@dataclass(frozen=True)"
        )


def resolve(item: object, known: Sequence[Placed]) -> Placed:
    """The place of what was given to `convert(passes=...)`.

    Raises:
        UserError: nobody has said where it runs.
    """
    if isinstance(item, Placed):
        return item
    made = as_pass(item)
    for each in known:
        if type(each.item) is type(made) and each.item.name == made.name:
            return replace(each, item=made)
    raise UserError(
        f"pass {made.name} has no place: decorate its class with litewright.register_pass(stage=...), "
        "or give litewright.place(it, stage=..., after=...)"
    )


@functools.cache
def installed() -> Extensions:
    """What the entry points of installed packages add; they are loaded once.

    The groups are `litewright.passes`, `litewright.lowerings`, `litewright.legalisations`,
    `litewright.composites` and `litewright.targets`. An entry point names one thing or a sequence of them;
    passes are given with `litewright.place`, or have been decorated.

    Raises:
        UserError: an entry point cannot be loaded, or what it names does not fit; the package is named.
    """
    found = Extensions()
    points = _entry_points()
    for point in points:
        with _blaming(point):
            more = _extension(point.group.removeprefix("litewright."), point.load())
            found = found.plus(more)
    # All together: one package may place its passes beside those of another.
    try:
        found.check()
    except UserError as error:
        error.add_note(f"installed are {', '.join(map(_described, points))}")
        raise
    return found


def effective() -> Extensions:
    """Everything: what is installed and what was registered.

    Raises:
        UserError: they do not fit together.
    """
    together = installed().plus(REGISTRY.held())
    together.check()
    return together.in_order()


def plan_for(passes: PassPlan | Sequence[object] | None, extensions: Extensions) -> PassPlan:
    """The passes of a conversion.

    Args:
        passes: a plan, which is taken as it is; or passes beside the default ones; or None.
        extensions: what others have added; a plan is taken without their passes.

    Raises:
        UserError: names clash, or places do not exist.
    """
    if isinstance(passes, PassPlan):
        return with_composites(passes, extensions.composites)
    given = [resolve(item, extensions.passes) for item in passes or ()]
    names = {(each.stage, each.item.name) for each in given}
    others = [p for p in extensions.passes if (p.stage, p.item.name) not in names]
    plan = presets.DEFAULT.with_passes([*others, *given])
    return with_composites(plan, extensions.composites)


_GROUPS = ("passes", "lowerings", "legalisations", "composites", "targets")


def _entry_points() -> list[importlib.metadata.EntryPoint]:
    points = [
        point
        for group in _GROUPS
        for point in importlib.metadata.entry_points(group=f"litewright.{group}")
    ]
    return sorted(points, key=lambda point: (_GROUPS.index(point.group.split(".")[1]), point.name))


@contextlib.contextmanager
def _blaming(point: importlib.metadata.EntryPoint) -> Generator[None]:
    try:
        yield
    except LitewrightError as error:
        error.add_note(f"in {_described(point)}")
        raise
    except Exception as error:
        raise UserError(f"{_described(point)} cannot be loaded: {error!r}") from error


def _described(point: importlib.metadata.EntryPoint) -> str:
    owner = point.dist.name if point.dist is not None else "an installed package"
    return f"entry point {point.name} = {point.value} of {owner}"


def _extension(kind: str, loaded: Any) -> Extensions:
    several = isinstance(loaded, list | tuple) and not _is_row(loaded)
    items = tuple(cast("Sequence[Any]", loaded)) if several else (cast("Any", loaded),)
    if kind == "passes":
        return Extensions(passes=tuple(resolve(item, REGISTRY.held().passes) for item in items))
    if kind == "legalisations":
        return Extensions(legalisations=tuple(as_rule(item) for item in items))
    if kind == "lowerings":
        return Extensions(lowerings=tuple(_as_row(item) for item in items))
    if kind == "targets":
        return Extensions(targets=tuple(_as_target(item) for item in items))
    return Extensions(**{kind: items})


def _is_row(item: Any) -> bool:
    """Whether something is an op with its lowering, rather than several such rows."""
    row = cast("tuple[Any, ...]", item) if isinstance(item, tuple) else ()
    return len(row) == 2 and callable(row[1])


def _as_row(item: Any) -> tuple[Any, Any]:
    if _is_row(item):
        return item
    for op, rule in REGISTRY.held().lowerings:
        if rule is item:
            return (op, rule)
    raise UserError(
        f"{item!r} is no lowering: decorate it with litewright.register_lowering, or give (op, function)"
    )


def _as_target(item: object) -> Target:
    if not isinstance(item, Target):
        raise UserError(f"{item!r} is no Target")
    return item


def as_rule(item: object) -> Rule:
    """The rule that is meant by a rule, or by the class of a pattern rule.

    Raises:
        UserError: it is neither.
    """
    if isinstance(item, Rule):
        return item
    if isinstance(item, type) and issubclass(item, PatternRule):
        return item.rule()
    raise UserError(f"{item!r} is no rule: give a Rule, or a class derived from PatternRule")


def _unique(items: Iterable[_Item]) -> list[_Item]:
    kept: list[_Item] = []
    for item in items:
        if item not in kept:
            kept.append(item)
    return kept


def _check_unique(what: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"{what} {name} is registered twice; give one of them another name")


def _without_redefined(held: Extensions, more: Extensions) -> Extensions:
    again = {_definition(each.item) for each in more.passes}
    rules = {(rule.defined_in, rule.name) for rule in more.legalisations}
    lowerings = {_function(op, rule) for op, rule in more.lowerings}
    return replace(
        held,
        passes=tuple(p for p in held.passes if _definition(p.item) not in again),
        legalisations=tuple(r for r in held.legalisations if (r.defined_in, r.name) not in rules),
        lowerings=tuple(row for row in held.lowerings if _function(*row) not in lowerings),
    )


def _function(op: object, rule: object) -> tuple[str, str, str]:
    return (
        str(op),
        getattr(rule, "__module__", ""),
        getattr(rule, "__qualname__", type(rule).__name__),
    )


def _definition(item: AnyPass) -> tuple[str, str, str]:
    kind = type(item)
    if isinstance(item, RuleSet):
        return (item.members[0].defined_in, item.title, "rule")
    return (kind.__module__, kind.__qualname__, item.name)
