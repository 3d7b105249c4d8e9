"""Recipes: which weight is quantised how, by rules over module paths, kinds of ops and sizes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, cast, get_args

from ..diagnostics import UserError
from .specs import QuantSpec, check_fields, check_word

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

SMALLEST = 1024
"""Weights of fewer elements stay as they are unless a rule says otherwise: they cost nothing."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A weight as one op reads it: what rules look at.

    Attributes:
        paths: the weight's parameter (`model.layers.0.mlp.up_proj.weight`), and the op
            (`model.layers.0.mlp.up_proj.linear`).
        kind: the op.
        elements: of the weight.
        made: whether it is a table that no checkpoint holds, as those of rotary embeddings: only rules that
            name its path mean it.
    """

    paths: tuple[str, ...]
    kind: str
    elements: int
    made: bool = False

    def is_found_by(self, expression: str) -> bool:
        """Whether a regular expression matches a part of one of the paths."""
        return any(re.search(expression, path) for path in self.paths)


@dataclass(frozen=True, slots=True)
class Rule:
    """Weights, and what becomes of them.

    A weight matches if all that is said of it holds.

    Attributes:
        spec: how they are quantised; None leaves them as they are.
        modules: regular expression that is searched for in the paths of the weight's parameter and of the
            op that reads it.
        kinds: the ops that read the weight; empty for all.
        at_least: smallest number of elements.
        at_most: largest number of elements; 0 for no limit.
        optional: whether the rule may match nothing. A rule with `modules` that matches nothing is an error
            otherwise: most likely the expression is wrong.
        equalise: from 0 to 1, how far the channels of what meets a matrix are brought to one size on its way
            there, which the matrix makes up for. Wants calibration data.
    """

    spec: QuantSpec | None
    modules: str = ""
    kinds: tuple[Kind, ...] = ()
    at_least: int = SMALLEST
    at_most: int = 0
    optional: bool = False
    equalise: float = 0.0

    def __post_init__(self) -> None:
        """Checks the fields.

        Raises:
            UserError: a regular expression that is none, or an unknown kind.
        """
        object.__setattr__(self, "kinds", tuple(self.kinds))
        for kind in self.kinds:
            check_word("kind", kind, KINDS)
        try:
            re.compile(self.modules)
        except (re.error, TypeError) as error:
            raise UserError(
                f"modules {self.modules!r} is no regular expression: {error}"
            ) from error
        for name in ("at_least", "at_most"):
            if not isinstance(getattr(self, name), int):
                raise UserError(f"{name} is a number of elements, not {getattr(self, name)!r}")
        if (
            not isinstance(cast("object", self.equalise), int | float)
            or not 0 <= self.equalise <= 1
        ):
            raise UserError(f"equalise is a number from 0 to 1, not {self.equalise!r}")

    def matches(self, read: Reading) -> bool:
        """Whether a weight is meant."""
        if (self.kinds and read.kind not in self.kinds) or (read.made and not self.modules):
            return False
        if read.elements < self.at_least or (self.at_most and read.elements > self.at_most):
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
    """

    rules: tuple[Rule, ...]
    name: str = "recipe"

    def __post_init__(self) -> None:
        """Checks that there are rules.

        Raises:
            UserError: there are none.
        """
        object.__setattr__(self, "rules", tuple(self.rules))
        if not self.rules:
            raise UserError("a recipe has one rule at least")

    def rule_for(self, read: Reading) -> Rule | None:
        """The rule that decides about a weight."""
        return next((rule for rule in self.rules if rule.matches(read)), None)

    def check_used(self, weights: Iterable[Reading]) -> None:
        """Checks that every regular expression finds something.

        Raises:
            UserError: a rule with `modules` finds nothing; the message shows paths that there are.
        """
        found = list(weights)
        for rule in self.rules:
            if not rule.modules or rule.optional:
                continue
            if not any(map(rule.matches, found)):
                raise UserError(_finds_nothing(rule, found))

    def to_json(self) -> str:
        """The recipe as text that `from_json` reads."""
        content = {"name": self.name, "rules": [rule.to_dict() for rule in self.rules]}
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
            check_fields("a recipe", content, ["name", "rules"])
            rules = content.get("rules")
            if not isinstance(rules, list):
                raise UserError('a recipe has a list "rules"')
            read = tuple(Rule.from_dict(rule) for rule in cast("list[Any]", rules))
            return cls(read, str(content.get("name", "recipe")))
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


def recipe(*rules: Rule | QuantSpec, name: str = "recipe") -> Recipe:
    """A recipe of rules; a spec by itself stands for a rule that matches everything.

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
    return Recipe(tuple(made), name)


def _finds_nothing(rule: Rule, weights: Sequence[Reading]) -> str:
    by_path = [each for each in weights if each.is_found_by(rule.modules)]
    if by_path:
        first = by_path[0]
        return (
            f"the rule for {rule.modules!r} finds weights, but none of the kind and size that it asks for: "
            f"{first.paths[0]} is read by {first.kind} and has {first.elements} elements"
        )
    shown = ", ".join(sorted({each.paths[0] for each in weights})[:8]) or "none"
    return f"modules {rule.modules!r} matches no weight; there are {shown}"
