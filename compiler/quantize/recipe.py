"""Recipes: which weight and which op is quantised how, by rules over module paths, kinds of ops and sizes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

from ..diagnostics import UserError
from .ranges import RANGE_CHOICES, RangeChoice
from .specs import CALIBRATED, QuantSpec, check_fields, check_word

Kind = Literal[
    "fully_connected",
    "conv_2d",
    "depthwise_conv_2d",
    "transpose_conv",
    "batch_matmul",
    "embedding_lookup",
]
"""Ops whose weights can be quantised, by the name of the op."""

KINDS: tuple[Kind, ...] = get_args(Kind)

Activations = Literal["int8", "int16"]
ACTIVATIONS: tuple[Activations, ...] = get_args(Activations)

Interface = Literal["float", "integer"]
INTERFACES: tuple[Interface, ...] = get_args(Interface)

State = Literal["int8"]
STATES: tuple[State, ...] = get_args(State)

SMALLEST = 1024
"""Weights of fewer elements stay as they are unless a rule says otherwise: they cost nothing."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A weight as one op reads it, or an op without a weight: what rules look at.

    Attributes:
        paths: the weight's parameter (`model.layers.0.mlp.up_proj.weight`), and the op
            (`model.layers.0.mlp.up_proj.linear`).
        kind: the op.
        elements: of the weight; 0 if there is none.
        made: whether it is a table that no checkpoint holds, as those of rotary embeddings: only rules that
            name its path mean it.
        first_rows: how many rows it has, of those that a table begins with; 0 for those behind.
    """

    paths: tuple[str, ...]
    kind: str
    elements: int
    made: bool = False
    first_rows: int = 0

    def is_found_by(self, expression: str) -> bool:
        """Whether a regular expression matches a part of one of the paths."""
        return any(re.search(expression, path) for path in self.paths)


@dataclass(frozen=True, slots=True)
class Rule:
    """Weights and ops, and what becomes of them.

    A weight matches if all that is said of it holds. An op without a weight matches if its path and kind
    do, and nothing is said of sizes.

    Attributes:
        spec: how weights are quantised; None leaves them as they are.
        modules: regular expression that is searched for in the paths of the weight's parameter and of the
            op that reads it.
        kinds: the ops; empty for all. What `activations` says of an op that is named is done wherever the
            runtime can; of others, where it pays.
        at_least: smallest number of elements; if None, 1024, or 1 where activations become integers too.
        at_most: largest number of elements; 0 for no limit.
        optional: whether the rule may match nothing. A rule with `modules` that matches nothing is an error
            otherwise: most likely the expression is wrong.
        equalise: from 0 to 1, how far the channels of what meets a matrix are brought to one size on its way
            there, which the matrix makes up for. Wants calibration data.
        first_rows: so many rows that a table begins with are meant, and the table is split there; 0 for all
            rows. Frequent tokens come first in most vocabularies.
        activations: the integers that the ops compute in, with one scale for each value that is found on
            calibration data; None for floats, or integers that kernels make of them as they come.
        ranges: which part of the range of a value becomes integers: `min_max` all that was seen,
            `moving_average` what is usual, `percentile` all but the highest and lowest, `mse` the part with
            the smallest squared error.
    """

    spec: QuantSpec | None
    modules: str = ""
    kinds: tuple[str, ...] = ()
    at_least: int | None = None
    at_most: int = 0
    optional: bool = False
    equalise: float = 0.0
    first_rows: int = 0
    activations: Activations | None = None
    ranges: RangeChoice = "min_max"

    def __post_init__(self) -> None:
        """Checks the fields.

        Raises:
            UserError: a regular expression that is none, or an unknown kind.
        """
        object.__setattr__(self, "kinds", tuple(self.kinds))
        for kind in self.kinds:
            _check_kind(kind)
        try:
            re.compile(self.modules)
        except (re.error, TypeError) as error:
            raise UserError(
                f"modules {self.modules!r} is no regular expression: {error}"
            ) from error
        for name in ("at_least", "at_most"):
            if not isinstance(getattr(self, name), int | None):
                raise UserError(f"{name} is a number of elements, not {getattr(self, name)!r}")
        if (
            not isinstance(cast("object", self.equalise), int | float)
            or not 0 <= self.equalise <= 1
        ):
            raise UserError(f"equalise is a number from 0 to 1, not {self.equalise!r}")
        rows = cast("object", self.first_rows)
        if not isinstance(rows, int) or isinstance(rows, bool) or rows < 0:
            raise UserError(f"first_rows is a number of rows, not {rows!r}")
        self._check_activations()

    def _check_activations(self) -> None:
        check_word("ranges", self.ranges, RANGE_CHOICES)
        if self.activations is None:
            return
        check_word("activations", self.activations, ACTIVATIONS)
        spec = self.spec
        if spec is not None and (spec.element, spec.compute) != ("int8", "integer"):
            raise UserError(
                f"activations {self.activations!r} beside weights of {spec.scheme}: activations of integers "
                "meet weights of int8, QuantSpec('int8')"
            )

    @property
    def smallest(self) -> int:
        """The smallest number of elements of a weight that is meant."""
        if self.at_least is not None:
            return self.at_least
        return SMALLEST if self.activations is None else 1

    def matches(self, read: Reading) -> bool:
        """Whether a weight is meant."""
        if (self.kinds and read.kind not in self.kinds) or (read.made and not self.modules):
            return False
        if read.elements < self.smallest or (self.at_most and read.elements > self.at_most):
            return False
        if self.first_rows and not 0 < read.first_rows <= self.first_rows:
            return False
        return read.is_found_by(self.modules)

    def divides(self, read: Reading) -> bool:
        """Whether a table has to be split, so that its first rows are meant."""
        return 0 < self.first_rows < read.first_rows and replace(self, first_rows=0).matches(read)

    def acts_on(self, read: Reading) -> bool:
        """Whether an op without a weight is meant."""
        if (
            self.at_least is not None
            or self.at_most
            or self.first_rows
            or (self.kinds and read.kind not in self.kinds)
        ):
            return False
        return read.is_found_by(self.modules)

    def to_dict(self) -> dict[str, Any]:
        """The fields that are not at their default, for JSON."""
        kept: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "spec" and value != field.default:
                kept[field.name] = (
                    list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value
                )
        return {**kept, "spec": None if self.spec is None else self.spec.to_dict()}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Rule:
        """The inverse of `to_dict`.

        Raises:
            UserError: an unknown field, or a value that does not fit.
        """
        check_fields("a rule", given, [field.name for field in fields(cls)])
        if "spec" not in given:
            raise UserError('a rule says what becomes of its weights: "spec": {...}, or null')
        rest = {name: value for name, value in given.items() if name != "spec"}
        spec = given["spec"]
        return cls(None if spec is None else QuantSpec.from_dict(spec), **rest)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Rules in order: the first that matches a weight decides. What no rule matches stays as it is.

    Attributes:
        rules: in the order in which they are tried.
        name: for reports.
        interface: whether signatures show floats where a value is one of integers inside, or these.
        state: the integers that state is kept in, such as the caches of a language model: tensors that go
            in and come out under one name. Scales are found on calibration data. None for floats.
    """

    rules: tuple[Rule, ...]
    name: str = "recipe"
    interface: Interface = "float"
    state: State | None = None

    def __post_init__(self) -> None:
        """Checks that there are rules.

        Raises:
            UserError: there are none.
        """
        object.__setattr__(self, "rules", tuple(self.rules))
        if not self.rules and self.state is None:
            raise UserError("a recipe has one rule at least")
        check_word("interface", self.interface, INTERFACES)
        if self.state is not None:
            check_word("state", self.state, STATES)

    @property
    def measures_ranges(self) -> bool:
        """Whether scales of values are to be found on calibration data."""
        return self.state is not None or any(rule.activations for rule in self.rules)

    @property
    def is_content_with_noise(self) -> bool:
        """Whether random tokens will do as calibration data, since the sizes of channels alone are looked at."""
        algorithms = {rule.spec.algorithm for rule in self.rules if rule.spec is not None}
        looks_closer = self.measures_ranges or algorithms & CALIBRATED
        return not looks_closer and any(rule.equalise for rule in self.rules)

    def rule_for(self, read: Reading) -> Rule | None:
        """The rule that decides about a weight."""
        return next((rule for rule in self.rules if rule.matches(read)), None)

    def rule_for_op(self, read: Reading) -> Rule | None:
        """The rule that decides about an op without a weight."""
        return next((rule for rule in self.rules if rule.acts_on(read)), None)

    def check_used(self, weights: Iterable[Reading], ops: Iterable[Reading] = ()) -> None:
        """Checks that every regular expression finds something.

        Args:
            weights: all that there are.
            ops: without a weight.

        Raises:
            UserError: a rule with `modules` finds nothing; the message shows paths that there are.
        """
        found, without = list(weights), list(ops)
        for rule in self.rules:
            if not rule.modules or rule.optional:
                continue
            if not any(map(rule.matches, found)) and not any(map(rule.acts_on, without)):
                raise UserError(_finds_nothing(rule, found))

    def to_json(self) -> str:
        """The recipe as text that `from_json` reads."""
        content: dict[str, Any] = {"name": self.name}
        if self.interface != "float":
            content["interface"] = self.interface
        if self.state is not None:
            content["state"] = self.state
        content["rules"] = [rule.to_dict() for rule in self.rules]
        return json.dumps(content, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, source: str = "the recipe") -> Recipe:
        """Reads a recipe.

        Args:
            text: what `to_json` writes.
            source: where the text is from, for messages.

        Raises:
            UserError: it is no JSON, or holds what a recipe has not.
        """
        try:
            content: Any = json.loads(text)
        except ValueError as error:
            raise UserError(f"{source} is no JSON: {error}") from error
        try:
            check_fields("a recipe", content, [field.name for field in fields(cls)])
            rules = content.get("rules")
            if not isinstance(rules, list):
                raise UserError('a recipe has a list "rules"')
            read = tuple(Rule.from_dict(rule) for rule in cast("list[Any]", rules))
            rest = {name: content[name] for name in ("interface", "state") if name in content}
            return cls(read, str(content.get("name", "recipe")), **rest)
        except UserError as error:
            raise UserError(f"{source}: {error}") from error

    @classmethod
    def load(cls, path: str | Path) -> Recipe:
        """Reads a recipe from a file.

        Raises:
            UserError: there is no such file, or it holds no recipe.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"cannot read the recipe {path}: {error}") from error
        return cls.from_json(text, str(path))


def _check_kind(kind: object) -> None:
    """Checks that there is an op with weights of that name, or one that computes in integers."""
    if kind in KINDS:
        return
    # The table is behind MLIR, which is long in coming, and most recipes name no such op.
    from ..targets.activation_schemes import ACTIVATION_USES

    check_word("kind", kind, dict.fromkeys((*KINDS, *ACTIVATION_USES)))


def recipe(
    *rules: Rule | QuantSpec,
    name: str = "recipe",
    interface: Interface = "float",
    state: State | None = None,
) -> Recipe:
    """A recipe of rules; a spec by itself stands for a rule that matches everything. See `Recipe`.

    Raises:
        UserError: there is no rule, or something else is given.
    """
    made: list[Rule] = []
    for each in rules:
        if isinstance(each, QuantSpec):
            made.append(Rule(each))
        elif isinstance(each, Rule):  # pyright: ignore[reportUnnecessaryIsInstance]
            made.append(each)
        else:
            raise UserError(f"{each!r} is neither a Rule nor a QuantSpec")
    return Recipe(tuple(made), name, interface, state)


def _finds_nothing(rule: Rule, weights: Sequence[Reading]) -> str:
    by_path = [each for each in weights if each.is_found_by(rule.modules)]
    if by_path and rule.first_rows:
        return (
            f"the rule for the first {rule.first_rows} rows of {rule.modules!r} finds none: a table is split "
            "where lookups and FULLY_CONNECTED alone read it; leave `first_rows` out"
        )
    if by_path:
        first = by_path[0]
        return (
            f"the rule for {rule.modules!r} finds weights, but none of the kind and size that it asks for: "
            f"{first.paths[0]} is read by {first.kind} and has {first.elements} elements"
        )
    shown = ", ".join(sorted({each.paths[0] for each in weights})[:8]) or "none"
    return f"modules {rule.modules!r} matches no weight; there are {shown}"
