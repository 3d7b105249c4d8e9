"""Where passes are placed: behind and in front of others, whichever order they come in; what is refused."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from litewright.compiler.diagnostics import UserError
from litewright.compiler.driver.plan import AnyPass, PassPlan, Placed, leaves, mapped
from litewright.compiler.driver.presets import DEFAULT, EMPTY
from litewright.compiler.ir.program import Program
from litewright.passes.core import Pass, Repeat


@dataclass(frozen=True)
class Named(Pass[Program]):
    """A pass of any name, with an option."""

    title: str = "named"
    limit: int = 1

    @property
    def name(self) -> str:
        return self.title

    def run(self, unit: Program) -> bool:
        return False


@dataclass(frozen=True)
class Other(Named):
    """Of the same name as others, but another class."""


def placed(name: str, after: str = "", before: str = "", limit: int = 1) -> Placed:
    return Placed(Named(name, limit), "tfl", after, before)


PLAN = PassPlan(
    tfl=(Named("a"), Repeat((Named("b"), Named("c"))), Named("d"), Named("b"), Named("e"))
)


def names(*additions: Placed, plan: PassPlan = PLAN) -> str:
    return " ".join(plan.with_passes(additions).names("tfl"))


@pytest.mark.parametrize(
    ("addition", "expected"),
    [
        (placed("x"), "a b c d b e x"),
        (placed("x", after="a"), "a x b c d b e"),
        (placed("x", before="a"), "x a b c d b e"),
        (placed("x", after="e"), "a b c d b e x"),
        (placed("x", after="b"), "a b c d b x e"),
        (placed("x", before="b"), "a x b c d b e"),
        (placed("x", after="a", before="e"), "a x b c d b e"),
        (placed("x", after="c", before="d"), "a b c x d b e"),
    ],
)
def test_a_place_beside_another_pass(addition: Placed, expected: str) -> None:
    assert names(addition) == expected


def test_a_place_inside_of_a_repetition() -> None:
    plan = PLAN.with_passes([placed("x", before="c")])
    repeated = plan.tfl[1]
    assert isinstance(repeated, Repeat)
    assert [each.name for each in repeated.passes] == ["b", "x", "c"]
    assert [each.name for each in plan.tfl] == ["a", "repeat", "d", "b", "e"]


def test_the_order_of_additions_does_not_matter() -> None:
    additions = [
        placed("v"), placed("w"),
        placed("x", after="a"), placed("y", after="x"), placed("z", before="x"),
        placed("u", after="y", before="d"),
    ]  # fmt: skip
    found = {names(*each) for each in itertools.permutations(additions)}
    assert found == {"a z x y u b c d b e v w"}


def test_a_pass_of_the_plan_is_replaced_everywhere_by_one_with_other_options() -> None:
    plan = PLAN.with_passes([placed("b", limit=7)])
    limits = [
        each.limit for each in leaves(plan.tfl) if isinstance(each, Named) and each.name == "b"
    ]
    assert limits == [7, 7]
    assert plan.names("tfl") == PLAN.names("tfl")


@pytest.mark.parametrize(
    ("additions", "message"),
    [
        (
            [placed("x", after="nowhere")],
            "pass x wants a place by 'nowhere', which is no pass on tfl",
        ),
        ([placed("x", before="nowhere")], "there are a, b, c, d, e"),
        ([placed("x", after="y"), placed("y", after="x")], "wait for each other: x, y"),
        ([placed("x", after="x")], "wait for each other: x"),
        (
            [placed("x", after="y"), placed("y", after="z"), placed("z", before="x")],
            "wait for each other: x, y, z",
        ),
        ([placed("x", after="e", before="a")], "x cannot run after e and before a: a runs first"),
        ([placed("x", after="b", before="d")], "x cannot run after b and before d: d runs first"),
        ([placed("x"), placed("x", after="a")], "two passes on tfl are named 'x'"),
        ([placed("x"), Placed(Other("x"), "tfl")], "two passes on tfl are named 'x'"),
        ([Placed(Other("a"), "tfl")], "rename one of them"),
        ([placed("fuse_it")], "not 'fuse_it' but 'fuse-it'"),
        ([placed("FuseIt")], "not 'FuseIt' but 'fuse-it'"),
    ],
)
def test_places_that_there_are_not(additions: Sequence[Placed], message: str) -> None:
    for order in itertools.permutations(additions):
        with pytest.raises(UserError) as caught:
            PLAN.with_passes(order)
        assert message in str(caught.value)


def test_the_rivals_for_a_name_are_told_with_their_modules() -> None:
    with pytest.raises(UserError) as caught:
        PLAN.with_passes([Placed(Other("a"), "tfl")])
    assert f"{__name__}.Named and {__name__}.Other" in str(caught.value)


def test_one_name_may_be_used_on_two_stages() -> None:
    plan = PLAN.with_passes([Placed(Other("a"), "stablehlo")])
    assert plan.names("stablehlo") == ["a"]


def test_a_stage_that_there_is_not() -> None:
    with pytest.raises(UserError, match="pass x: no stage 'onnx'; there is fx, stablehlo, tfl"):
        Placed(Named("x"), "onnx")  # pyright: ignore[reportArgumentType]


def test_a_plan_without_some_passes() -> None:
    assert PLAN.without("b", "e").names("tfl") == ["a", "c", "d"]
    assert [each.name for each in PLAN.without("b", "c").tfl] == ["a", "d", "e"]
    with pytest.raises(UserError, match="the plan has no pass 'x'; it has a, b, c, d, e"):
        PLAN.without("x")


def test_passes_are_mapped_inside_of_repetitions_too() -> None:
    def louder(item: AnyPass) -> AnyPass:
        return Named(item.name * 2)

    assert PassPlan(tfl=mapped(PLAN.tfl, louder)).names("tfl") == [
        "aa",
        "bb",
        "cc",
        "dd",
        "bb",
        "ee",
    ]


def test_the_presets_are_sound() -> None:
    """Passes of one name are equal: a replay by name means any of them."""
    for stage in ("fx", "stablehlo", "tfl"):
        by_name: dict[str, AnyPass] = {}
        for each in leaves(DEFAULT.of(stage)):
            assert by_name.setdefault(each.name, each) == each
        assert by_name
        assert not EMPTY.of(stage)
