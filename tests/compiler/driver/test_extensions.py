"""What others register: what is held, what is refused, and that the order of registration is nobody's business."""

import itertools
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import nn

import litewright
from litewright.compiler.diagnostics import UserError
from litewright.compiler.driver.extensions import (
    REGISTRY,
    Extensions,
    as_pass,
    as_rule,
    effective,
    plan_for,
)
from litewright.compiler.driver.options import target_of
from litewright.compiler.driver.plan import Placed
from litewright.compiler.driver.presets import DEFAULT
from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import Program
from litewright.compiler.targets import TARGETS, XNNPACK, Target
from litewright.passes.core import (
    Match,
    Operation,
    Operations,
    Outcome,
    Pass,
    PatternRule,
    RuleContext,
    RuleSet,
    Variable,
    decline,
    rule,
)
from tests.support.tolerances import assert_close


@pytest.fixture(autouse=True)
def _isolated() -> Iterator[None]:
    with REGISTRY.isolated():
        yield


@dataclass(frozen=True)
class CountOps(Pass[Program]):
    """Does nothing, `limit` times."""

    limit: int = 1

    def run(self, unit: Program) -> bool:
        return False


@dataclass(frozen=True)
class Demanding(Pass[Program]):
    limit: int

    def run(self, unit: Program) -> bool:
        return False


class Undecorated(Pass[Program]):
    kind: ClassVar[str] = "no option"
    limit: int = 1

    def run(self, unit: Program) -> bool:
        return False


class FuseSwish(PatternRule):
    """x * logistic(x) -> hard_swish(x), which is something else, as one can see."""

    def pattern(self, op: Operations, x: Variable) -> Operation:
        return op.tfl.mul(x, op.tfl.logistic(x))

    def rewrite(self, found: Match) -> ir.Value:
        return tfl.emit("hard_swish", [found["x"]], found.root.results[0].type)


@rule("stablehlo.logistic")
def half_logistic(op: ir.OpView, context: RuleContext) -> Outcome:
    """A legalisation that is as wrong as it is easy to see: logistic(x) -> logistic(x / 2)."""
    if op.operands[0].type != op.results[0].type:
        return decline("a type changes")
    kind = op.results[0].type
    half = tfl.emit("mul", [op.operands[0], hlo.splat_like(0.5, op.operands[0])], kind)
    return tfl.emit("logistic", [half], kind)


def registered_names(stage: str = "tfl") -> list[str]:
    return plan_for(None, effective()).names(stage)  # pyright: ignore[reportArgumentType]


# ---- what is held --------------------------------------------------------------------------------


def test_what_is_decorated_runs_in_every_conversion() -> None:
    decorated = litewright.register_pass(stage="tfl", after="fuse-activations")(CountOps)
    assert decorated is CountOps
    names = registered_names()
    assert names[names.index("count-ops") - 1] == "fuse-activations"
    litewright.register_pass(stage="stablehlo", before="fold-constants")(FuseSwish)
    names = registered_names("stablehlo")
    assert names[names.index("fuse-swish") + 1] == "fold-constants"


def test_a_rule_is_registered_as_it_is() -> None:
    assert litewright.register_pass(stage="stablehlo")(half_logistic) is half_logistic
    assert registered_names("stablehlo")[-1] == "half-logistic"


def test_isolation_forgets_what_was_registered_inside_even_on_an_error() -> None:
    before = REGISTRY.held()

    def fails_inside() -> None:
        with REGISTRY.isolated():
            litewright.register_pass(stage="tfl")(CountOps)
            assert REGISTRY.held() != before
            raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        fails_inside()
    assert REGISTRY.held() == before


def test_a_plan_is_taken_without_what_is_registered() -> None:
    litewright.register_pass(stage="tfl")(CountOps)
    assert plan_for(DEFAULT, effective()) == DEFAULT
    assert not plan_for(litewright.EMPTY, effective()).names("tfl")


# ---- what is refused, at registration ------------------------------------------------------------


def new_class(name: str, module: str = "elsewhere") -> type[Pass[Program]]:
    """A pass class of a name, as another module would define it."""
    space = {"run": CountOps.run, "__module__": module, "__qualname__": name}
    made = types.new_class(name, (Pass,), {}, lambda body: body.update(space))
    return dataclass(frozen=True)(made)


def new_lowering() -> Callable[[Any, Any], Any]:
    def lowering(context: Any, x: Any) -> Any:
        return x

    return lowering


Registration = Callable[[], object]


@pytest.mark.parametrize(
    ("register", "message"),
    [
        (
            lambda: litewright.register_pass(stage="tfl", after="nothing")(CountOps),
            "pass count-ops wants a place by 'nothing', which is no pass on tfl",
        ),
        (
            lambda: litewright.register_pass(stage="tfl", before="fold-constants")(CountOps),
            "'fold-constants', which is no pass on tfl",
        ),
        (
            lambda: litewright.register_pass(
                stage="tfl", after="fuse-activations", before="fuse-biases"
            )(CountOps),
            "count-ops cannot run after fuse-activations and before fuse-biases",
        ),
        (
            lambda: litewright.register_pass(stage="tfl", after="count-ops")(CountOps),
            "wait for each",
        ),
        (lambda: litewright.register_pass(stage="tf")(CountOps), "no stage 'tf'"),  # pyright: ignore[reportArgumentType]
        (
            lambda: litewright.register_pass(stage="tfl")(new_class("FuseBiases")),
            "two passes on tfl are named 'fuse-biases'",
        ),
        (lambda: litewright.register_pass(stage="tfl")(Demanding), "give its fields defaults"),
        (
            lambda: litewright.register_pass(stage="tfl")(Undecorated),
            "Undecorated is no dataclass, so that limit cannot be set",
        ),
        (lambda: litewright.register_pass(stage="tfl")(Undecorated()), "is no dataclass"),
        (lambda: litewright.register_pass(stage="tfl")(print), "is no pass: give a Pass, a Rule"),
        (lambda: litewright.register_pass(stage="tfl")("count-ops"), "is no pass"),
        (lambda: litewright.register_legalisation(CountOps), "is no rule: give a Rule"),
        (lambda: litewright.register_target(XNNPACK), f"target {XNNPACK.name} is registered twice"),
        (lambda: litewright.register_composite(CountOps), "cannot be marked"),
    ],
)
def test_a_registration_that_fails_leaves_nothing(register: Registration, message: str) -> None:
    litewright.register_pass(stage="stablehlo")(new_class("Before"))
    held = REGISTRY.held()
    with pytest.raises(UserError) as caught:
        register()
    assert message in str(caught.value)
    assert REGISTRY.held() is held


def test_two_passes_of_one_name_from_two_modules() -> None:
    litewright.register_pass(stage="tfl")(new_class("Tidy", "acme.rules"))
    with pytest.raises(UserError, match=r"acme\.rules\.Tidy and globex.Tidy; rename one"):
        litewright.register_pass(stage="tfl")(new_class("Tidy", "globex"))
    assert registered_names()[-1] == "tidy"


def test_two_pattern_rules_of_one_name_from_two_modules() -> None:
    litewright.register_pass(stage="tfl")(FuseSwish)
    rival = type("FuseSwish", (FuseSwish,), {"__module__": "elsewhere"})
    with pytest.raises(UserError, match="two passes on tfl are named 'fuse-swish'"):
        litewright.register_pass(stage="tfl")(rival)
    litewright.register_legalisation(FuseSwish)
    with pytest.raises(UserError, match="legalisation fuse-swish is registered twice"):
        litewright.register_legalisation(rival)


def test_a_cycle_through_what_is_registered_already() -> None:
    litewright.register_pass(stage="tfl", before="fuse-biases")(new_class("First"))
    litewright.register_pass(stage="tfl", after="fuse-activations")(new_class("Last"))
    with pytest.raises(UserError, match="between cannot run after last and before first"):
        litewright.register_pass(stage="tfl", after="last", before="first")(new_class("Between"))


def test_a_cell_of_a_notebook_may_be_run_again() -> None:
    """The class is another object of the same name and module: it takes the place of the one before."""
    for stage in ("tfl", "stablehlo"):
        litewright.register_pass(stage=stage)(new_class("Tidy", "__main__"))
    assert "tidy" not in registered_names("tfl")
    assert registered_names("stablehlo")[-1] == "tidy"
    cells = [type("FuseSwish", (FuseSwish,), {"__module__": "__main__"}) for _ in range(2)]
    for cell in cells:
        litewright.register_legalisation(cell)
        litewright.register_pass(stage="tfl")(cell)
    assert effective().legalisations == (cells[1].rule(),)
    lowerings = [new_lowering() for _ in range(2)]
    for lowering in lowerings:
        litewright.register_lowering("acme::op")(lowering)
    assert effective().lowerings == (("acme::op", lowerings[1]),)


def test_a_lowering_of_an_op_by_two_modules() -> None:
    def one(context: Any, x: Any) -> Any:
        return x

    def two(context: Any, x: Any) -> Any:
        return x

    litewright.register_lowering("acme::op")(one)
    with pytest.raises(UserError, match="lowering of acme::op is registered twice"):
        litewright.register_lowering("acme::op")(two)
    assert effective().lowerings == (("acme::op", one),)


# ---- convert(passes=...) -------------------------------------------------------------------------


def test_passes_for_one_conversion_alone() -> None:
    given = litewright.place(FuseSwish, stage="tfl", before="fuse-biases")
    names = plan_for([given], effective()).names("tfl")
    assert names[names.index("fuse-biases") - 1] == "fuse-swish"
    assert "fuse-swish" not in registered_names()


def test_options_of_a_registered_pass_are_set_for_one_conversion() -> None:
    litewright.register_pass(stage="tfl", after="fuse-activations")(CountOps)
    plan = plan_for([CountOps(limit=9)], effective())
    assert CountOps(limit=9) in plan.tfl
    assert CountOps() not in plan.tfl
    assert plan.names("tfl") == registered_names()


def test_a_pass_without_a_place_is_refused() -> None:
    with pytest.raises(UserError, match="pass count-ops has no place: decorate its class"):
        plan_for([CountOps], effective())
    with pytest.raises(UserError, match="is no pass"):
        plan_for([3], effective())


def test_a_pass_that_another_has_displaced_is_refused() -> None:
    litewright.register_pass(stage="tfl")(new_class("CountOps"))
    with pytest.raises(UserError, match="pass count-ops has no place"):
        plan_for([CountOps], effective())


def test_what_can_be_made_a_pass() -> None:
    assert as_pass(CountOps) == CountOps()
    assert as_pass(CountOps(3)) == CountOps(3)
    assert as_pass(half_logistic) == RuleSet("half-logistic", (half_logistic,))
    assert as_pass(FuseSwish) == as_pass(FuseSwish.rule()) == as_pass(FuseSwish)
    assert as_rule(FuseSwish) is FuseSwish.rule()


# ---- order ---------------------------------------------------------------------------------------


def test_what_is_in_both_is_in_the_sum_once() -> None:
    one = Extensions(legalisations=(half_logistic,), passes=(Placed(CountOps(), "tfl"),))
    assert one.plus(one) == one
    assert one.plus(Extensions()) == one


def test_the_plan_is_the_same_whichever_order_passes_are_registered_in() -> None:
    registrations = [
        litewright.register_pass(stage="tfl", after="fuse-biases"),
        litewright.register_pass(stage="tfl", after="fuse-biases"),
        litewright.register_pass(stage="tfl"),
        litewright.register_pass(stage="stablehlo", before="simplify"),
    ]
    classes = [new_class(name) for name in ("Alpha", "Beta", "Gamma", "Delta")]
    plans: set[tuple[str, ...]] = set()
    for order in itertools.permutations(range(4)):
        with REGISTRY.isolated():
            for number in order:
                registrations[number](classes[number])
            plans.add((*registered_names("stablehlo"), *registered_names("tfl")))
    assert len(plans) == 1


@rule("stablehlo.logistic")
def another_logistic(op: ir.OpView, context: RuleContext) -> Outcome:
    """Rivals for one op: the first by name is tried first."""
    kind = op.results[0].type
    doubled = tfl.emit("add", [op.operands[0], op.operands[0]], kind)
    return tfl.emit("logistic", [doubled], kind)


class Gate(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(x) * x + torch.tanh(x)


@rule("stablehlo.tanh")
def tanh_twice(op: ir.OpView, context: RuleContext) -> Outcome:
    return hlo.unary("logistic", op.operands[0])


def test_the_file_is_the_same_whichever_order_extensions_are_registered_in(tmp_path: Path) -> None:
    registrations: list[Registration] = [
        lambda: litewright.register_legalisation(half_logistic),
        lambda: litewright.register_legalisation(another_logistic),
        lambda: litewright.register_pass(stage="tfl")(FuseSwish),
        lambda: litewright.register_pass(stage="stablehlo")(tanh_twice),
    ]
    files: set[bytes] = set()
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 8)).astype(np.float32))
    for order in (registrations, registrations[::-1], [registrations[n] for n in (1, 3, 0, 2)]):
        with REGISTRY.isolated():
            for register in order:
                register()
            edge = litewright.convert(Gate().eval(), (x,))
        edge.export(tmp_path / "model.tflite")
        files.add((tmp_path / "model.tflite").read_bytes())
        assert edge.statistics.rewrites["another-logistic"] == 2
        assert edge.statistics.rewrites["tanh-twice"] == 1
        expected = torch.sigmoid(2 * x) * x + torch.sigmoid(2 * x)
        assert_close(edge(x.numpy()), expected.numpy(), "float32 transcendental")
    assert len(files) == 1


# ---- targets -------------------------------------------------------------------------------------


def test_a_registered_target_is_known_by_its_name() -> None:
    mine = Target("mine", "a target of a test", XNNPACK.rows)
    assert litewright.register_target(mine) is mine
    assert target_of("mine", effective()) is mine
    assert target_of(mine, Extensions()) is mine
    assert target_of(TARGETS[0].name, effective()) is TARGETS[0]
    with pytest.raises(UserError, match="no target 'yours'"):
        target_of("yours", effective())
