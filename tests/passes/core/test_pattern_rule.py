"""Rules of pattern, check and rewrite: what each is handed, and how a refusal is told."""

import numpy as np
import pytest

from litewright.compiler.diagnostics import UserError
from litewright.compiler.ir import mlir, tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import Program
from litewright.passes.core import (
    Decline,
    Match,
    Misses,
    Operation,
    Operations,
    PatternRule,
    Pipeline,
    RuleSet,
    Variable,
    apply_rules,
    decline,
    rewrite_rule,
)
from tests.support.programs import function, ops_of, program_of

SHAPES = ("tensor<2x5x8xf32>", "tensor<8xf32>")
BODY = f"""%0 = "tfl.mul"(%a0, %a1) {{fused_activation_function = "NONE"}} :
  ({SHAPES[0]}, {SHAPES[1]}) -> {SHAPES[0]} loc("block.scale"("model.py":12:0))
return %0 : {SHAPES[0]}"""
TEXT = f"module {{\n{function(SHAPES, SHAPES[:1], BODY)}\n}}"


class ScaleToAdd(PatternRule):
    """x * w -> x + w, which nobody wants."""

    def pattern(self, op: Operations, x: Variable, w: Variable) -> Operation:
        return op.tfl.mul(x, w)

    def check(self, found: Match) -> Decline | None:
        refusal = found.shapes(x="B S H", w="H")
        if refusal is not None:
            return refusal
        if found.dtype("x") != np.float32:
            return decline("x is no float32", found.dtype("x"))
        found.remember(channels=found["H"])
        return None

    def rewrite(self, found: Match) -> ir.Value:
        assert found["channels"] == 8
        assert found.shape("x") == (found["B"], found["S"], found["H"]) == (2, 5, 8)
        assert found.context.function.name.value == "main"
        return tfl.emit("add", [found["x"], found["w"]], found.root.results[0].type)


def test_what_check_remembers_is_there_for_rewrite() -> None:
    with mlir.use(mlir.make_context()):
        program = program_of(TEXT)
        assert apply_rules(program, [ScaleToAdd.rule()])
        assert dict(ops_of(program)) == {"add": 1}


def test_the_rule_is_named_after_its_class_and_knows_its_module() -> None:
    rule = ScaleToAdd.rule()
    assert (rule.name, rule.roots, rule.defined_in) == ("scale-to-add", ("tfl.mul",), __name__)


def test_nothing_is_kept_from_one_match_for_the_next() -> None:
    """Two programs of other sizes with one rule: the names of dimensions are free again."""
    rule = ScaleToAdd.rule()
    wide = TEXT.replace("2x5x8", "2x5x9").replace("<8xf32>", "<9xf32>")
    with mlir.use(mlir.make_context()):
        assert apply_rules(program_of(TEXT), [rule])
        with pytest.raises(AssertionError):
            apply_rules(program_of(wide), [rule])


def miss_of(rule: type[PatternRule], text: str) -> tuple[str, str, int]:
    with mlir.use(mlir.make_context()):
        misses = Misses(rule.rule().name)
        Pipeline((RuleSet("rules", (rule.rule(),)),)).run(program_of(text), (misses,))
    (miss,) = misses.ranked()
    return miss.reason, miss.origin, miss.progress


@pytest.mark.parametrize(
    ("shapes", "reason"),
    [
        (("2x5x8", "1"), "dimension 0 of w (H) is to be 8: 1"),
        (("5x8", "8"), "x is to have the dimensions B S H: (5, 8)"),
        (("2x5x8", "1x8"), "w is to have the dimensions H: (1, 8)"),
    ],
)
def test_a_check_tells_its_reason_and_the_line(shapes: tuple[str, str], reason: str) -> None:
    text = TEXT.replace("2x5x8", "X").replace("<8xf32>", f"<{shapes[1]}xf32>")
    text = text.replace("X", shapes[0])
    assert miss_of(ScaleToAdd, text) == (reason, "block.scale (model.py:12)", 2)


class Shapes(PatternRule):
    """Declines with what `shapes` says of one specification."""

    spec = ""

    def pattern(self, op: Operations, x: Variable, w: Variable) -> Operation:
        return op.tfl.mul(x, w)

    def check(self, found: Match) -> Decline:
        refusal = found.shapes(x=self.spec)
        sizes = {name: value for name, value in found.values.items() if name.isupper()}
        return refusal if refusal is not None else decline("fits", sizes)

    def rewrite(self, found: Match) -> ir.Value:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("B S H", "fits: {'B': 2, 'S': 5, 'H': 8}"),
        ("2 S 8", "fits: {'S': 5}"),
        ("... H", "fits: {'H': 8}"),
        ("... B S H", "fits: {'B': 2, 'S': 5, 'H': 8}"),
        ("...", "fits: {}"),
        ("... A B S H", "x is to have the dimensions ... A B S H: (2, 5, 8)"),
        ("S H", "x is to have the dimensions S H: (2, 5, 8)"),
        ("A S S", "dimension 2 of x (S) is to be 5: 8"),
        ("2 4 8", "dimension 1 of x (4) is to be 4: 5"),
    ],
)
def test_shapes_by_names_of_dimensions(
    spec: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Shapes, "spec", spec)
    assert miss_of(Shapes, TEXT)[0] == reason


@pytest.mark.parametrize(
    ("specs", "message"),
    [
        ({"y": "B"}, "the pattern binds no value 'y'; it binds x, w"),
        ({"x": "B w H"}, "dimension w of x has the name of a value"),
    ],
)
def test_shapes_of_what_is_none(specs: dict[str, str], message: str) -> None:
    class Wrong(ScaleToAdd):
        def check(self, found: Match) -> Decline | None:
            return found.shapes(**specs)

    with mlir.use(mlir.make_context()), pytest.raises(UserError) as caught:
        apply_rules(program_of(TEXT), [Wrong.rule()])
    assert message in str(caught.value)
    assert "in rule wrong at tfl.mul, block.scale (model.py:12)" in caught.value.__notes__


def test_a_rule_in_one_line() -> None:
    body = '%0 = "tfl.neg"(%a0) : (tensor<4xf32>) -> tensor<4xf32>\n'
    body += '%1 = "tfl.neg"(%0) : (tensor<4xf32>) -> tensor<4xf32>\nreturn %1 : tensor<4xf32>'
    text = f"module {{\n{function(['tensor<4xf32>'], ['tensor<4xf32>'], body)}\n}}"
    rule = rewrite_rule(
        "double-negation", lambda op, x: op.tfl.neg(op.tfl.neg(x)), lambda found: found["x"]
    )
    with mlir.use(mlir.make_context()):
        program = program_of(text)
        assert RuleSet("double-negation", (rule,)).run(program)
        assert not ops_of(program)
    assert (rule.name, rule.defined_in) == ("double-negation", __name__)


def test_several_results_are_replaced_together() -> None:
    """A split whose parts trade places."""
    half = "tensor<2xf32>"
    body = f"""%c = "tfl.pseudo_const"() {{value = dense<0> : tensor<i32>}} : () -> tensor<i32>
%0:2 = "tfl.split"(%c, %a0) {{num_splits = 2 : i32}} : (tensor<i32>, tensor<4xf32>) -> ({half}, {half})
return %0#0, %0#1 : {half}, {half}"""
    text = f"module {{\n{function(['tensor<4xf32>'], [half, half], body)}\n}}"

    class Halve(PatternRule):
        def pattern(self, op: Operations, x: Variable) -> Operation:
            return op.tfl.split(op.constant("axis"), x, num_splits=op.bind("count"))

        def rewrite(self, found: Match) -> list[ir.Value]:
            assert found["count"] == 2
            return [tfl.emit("neg", [part], part.type) for part in self._parts(found)]

        def _parts(self, found: Match) -> list[ir.Value]:
            kinds = [result.type for result in found.root.results]
            size = tfl.constant(np.array([2], np.int32))
            starts = [tfl.constant(np.array([start], np.int32)) for start in (2, 0)]
            return [
                tfl.emit("slice", [found["x"], start, size], kind)
                for start, kind in zip(starts, kinds, strict=True)
            ]

    with mlir.use(mlir.make_context()):
        program: Program = program_of(text)
        assert apply_rules(program, [Halve.rule()])
        assert dict(ops_of(program)) == {"slice": 2, "neg": 2}
