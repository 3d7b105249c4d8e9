"""The pattern language: each of its words on programs that it fits and on ones that it does not."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from litewright.compiler.diagnostics import UserError
from litewright.compiler.ir import mlir
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import Program, body_of
from litewright.passes.core import (
    Match,
    Misses,
    Operations,
    Pipeline,
    RuleSet,
    Variable,
    rewrite_rule,
)
from litewright.passes.core.matching import attribute_of, is_commutative
from litewright.passes.core.pattern import Root, roots_of
from tests.support.programs import program_of

X = "tensor<2x3xf32>"
SAME = f"({X}, {X}) -> {X}"


def text_of(body: str, results: str = X, inputs: int = 2) -> str:
    """A function of inputs %x and %y (both 2x3) around a body, which ends in a return."""
    names = ["x", "y", "z"][:inputs]
    arguments = ", ".join(f'%{name}: {X} {{litewright.name = "{name}"}}' for name in names)
    outputs = ", ".join(
        f'{kind} {{litewright.name = "r{number}"}}'
        for number, kind in enumerate(results.split("; "))
    )
    return f"module {{ func.func @main({arguments}) -> ({outputs}) {{\n{body}\n}} }}"


def mul(result: str, x: str, y: str, fused: str = "NONE", where: str = "") -> str:
    attribute = f'{{fused_activation_function = "{fused}"}}'
    loc = f' loc("{result}"("model.py":{where}:0))' if where else ""
    return f'%{result} = "tfl.mul"(%{x}, %{y}) {attribute} : {SAME}{loc}\n'


def unary(op: str, result: str, x: str, where: str = "") -> str:
    loc = f' loc("{result}"("model.py":{where}:0))' if where else ""
    return f'%{result} = "tfl.{op}"(%{x}) : ({X}) -> {X}{loc}\n'


Written = Callable[..., Root]
RETURN = f"return %r : {X}"


def found_by(pattern: Written, text: str) -> tuple[bool, str]:
    """Whether a pattern is found, its root replaced by what is bound to `x`; the reason of the best miss if not."""
    rule = rewrite_rule("rule", pattern, lambda found: found["x"])
    with mlir.use(mlir.make_context()):
        misses = Misses("rule")
        Pipeline((RuleSet("rule", (rule,)),)).run(program_of(text), (misses,))
        found, ranked = bool(misses.applied_at), misses.ranked()
    return found, "" if found or not ranked else ranked[0].reason.partition(": ")[0]


def square_root(op: Operations, x: Variable) -> Root:
    return op.tfl.sqrt(op.tfl.mul(x, x))


# ---- variables -----------------------------------------------------------------------------------


def test_a_variable_is_the_same_value_wherever_it_occurs() -> None:
    assert found_by(square_root, text_of(mul("0", "x", "x") + unary("sqrt", "r", "0") + RETURN))[0]
    found, why = found_by(
        square_root, text_of(mul("0", "x", "y") + unary("sqrt", "r", "0") + RETURN)
    )
    assert not found
    assert why == "x is another value here"


CONSTANT = (
    '%c = "tfl.pseudo_const"() {{value = dense<{}> : tensor<2x3xf32>}} : () -> tensor<2x3xf32>\n'
)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("2.0", ""),
        ("2.000001", ""),
        ("2.00001", "a constant 2.0 expected"),
        ("[[2.0, 2.0, 2.0], [2.0, 2.0, 3.0]]", "a constant 2.0 expected"),
    ],
)
def test_a_number_is_all_of_a_constant(value: str, why: str) -> None:
    def pattern(op: Any, x: Any) -> Root:
        return op.tfl.mul(x, op.number(2.0))

    body = CONSTANT.format(value) + mul("r", "x", "c") + RETURN
    assert found_by(pattern, text_of(body)) == (not why, why)


def test_a_number_is_found_behind_a_broadcast() -> None:
    body = f"""%c = stablehlo.constant dense<2.0> : tensor<f32>
%b = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<f32>) -> {X}
%r = stablehlo.multiply %b, %x : {X}
"""
    for number, found in ((2.0, True), (3.0, False)):

        def pattern(op: Any, x: Any, number: Any = number) -> Root:
            return op.stablehlo.multiply(x, op.number(number))

        assert found_by(pattern, text_of(body + RETURN))[0] is found


def test_a_constant_is_no_input() -> None:
    def pattern(op: Any, x: Any) -> Root:
        return op.tfl.div(x, op.constant("divisor"))

    divide = f'%r = "tfl.div"(%x, %{{}}) {{{{fused_activation_function = "NONE"}}}} : {SAME}\n'
    assert found_by(pattern, text_of(CONSTANT.format("3.0") + divide.format("c") + RETURN))[0]
    found, why = found_by(pattern, text_of(divide.format("y") + RETURN))
    assert (found, why) == (False, "a constant expected as divisor")


def test_one_number_may_be_several_constants() -> None:
    def pattern(op: Any, x: Any) -> Root:
        return op.tfl.mul(op.tfl.mul(x, op.number(2.0)), op.number(2.0))

    constants = CONSTANT.format("2.0") + CONSTANT.format("2.0").replace("%c", "%d")
    body = constants + mul("0", "x", "c") + mul("r", "0", "d")
    assert found_by(pattern, text_of(body + RETURN))[0]


# ---- operands ------------------------------------------------------------------------------------


def test_operands_trade_places_where_the_table_says_that_they_may() -> None:
    def product(op: Any, x: Any, y: Any) -> Root:
        return op.tfl.mul(op.tfl.neg(x), y)

    def difference(op: Any, x: Any, y: Any) -> Root:
        return op.tfl.sub(op.tfl.neg(x), y)

    for left, right in (("0", "y"), ("y", "0")):
        body = unary("neg", "0", "x") + mul("r", left, right)
        assert found_by(product, text_of(body + RETURN))[0]
        found, _ = found_by(difference, text_of(body.replace("tfl.mul", "tfl.sub") + RETURN))
        assert found is (left == "0")


def test_an_order_that_fails_farther_in_is_given_up_for_the_other() -> None:
    """Both operands are negations; only the second is one of `x`."""

    def pattern(op: Any, x: Any) -> Root:
        return op.tfl.mul(op.tfl.neg(op.tfl.abs(x)), op.tfl.neg(x))

    body = unary("neg", "0", "x") + unary("abs", "1", "x") + unary("neg", "2", "1")
    assert found_by(pattern, text_of(body + mul("r", "0", "2") + RETURN))[0]
    assert found_by(pattern, text_of(body + mul("r", "2", "0") + RETURN))[0]
    assert not found_by(pattern, text_of(body + mul("r", "2", "2") + RETURN))[0]


COMMUTATIVE = {
    "tfl.add": True, "tfl.mul": True, "tfl.maximum": True, "tfl.sub": False, "tfl.div": False,
}  # fmt: skip


@pytest.mark.parametrize("name", COMMUTATIVE)
def test_commutativity_is_read_from_the_table(name: str) -> None:
    with mlir.use(mlir.make_context()):
        activation = "" if name == "tfl.maximum" else '{fused_activation_function = "NONE"}'
        program = program_of(text_of(f'%r = "{name}"(%x, %y) {activation} : {SAME}\n' + RETURN))
        (op, _) = body_of(program.signature("main")).operations
        assert is_commutative(op) is COMMUTATIVE[name]


def test_the_number_of_operands_counts() -> None:
    def pattern(op: Any, x: Any) -> Root:
        return op.tfl.concatenation(x, x, axis=0)

    body = (
        '%r = "tfl.concatenation"(%x, %x, %x) {axis = 0 : i32, fused_activation_function = "NONE"}'
    )
    kinds = f" : ({X}, {X}, {X}) -> tensor<6x3xf32>\nreturn %r : tensor<6x3xf32>"
    found, why = found_by(pattern, text_of(body + kinds, "tensor<6x3xf32>"))
    assert (found, why) == (False, "2 operands expected")


# ---- who else reads it ---------------------------------------------------------------------------

TWICE = unary("neg", "0", "x") + unary("abs", "r", "0")


def test_values_inside_are_read_by_the_pattern_alone_unless_shared() -> None:
    both = text_of(f"{TWICE}return %r, %0 : {X}, {X}", f"{X}; {X}")
    alone = text_of(TWICE + RETURN)
    strict = lambda op, x: op.tfl.abs(op.tfl.neg(x))  # noqa: E731
    loose = lambda op, x: op.tfl.abs(op.tfl.neg(x).shared())  # noqa: E731
    assert found_by(strict, alone)[0]
    assert found_by(strict, both) == (False, "a value inside is read by others too")
    assert found_by(loose, alone)[0]
    assert found_by(loose, both)[0]


def test_a_value_that_the_pattern_itself_reads_twice_is_its_own() -> None:
    def pattern(op: Any, x: Any) -> Root:
        inner = op.tfl.neg(x)
        return op.tfl.mul(inner, inner)

    assert found_by(pattern, text_of(unary("neg", "0", "x") + mul("r", "0", "0") + RETURN))[0]


def test_the_root_may_be_read_by_anyone() -> None:
    body = f"{TWICE}return %r, %r : {X}, {X}"
    assert found_by(lambda op, x: op.tfl.abs(op.tfl.neg(x)), text_of(body, f"{X}; {X}"))[0]


# ---- attributes ----------------------------------------------------------------------------------


def test_attributes_that_are_not_mentioned_have_their_defaults() -> None:
    plain = lambda op, x, y: op.tfl.mul(x, y)  # noqa: E731
    relu = lambda op, x, y: op.tfl.mul(x, y, fused_activation_function="RELU")  # noqa: E731
    any_ = lambda op, x, y: op.tfl.mul(x, y, fused_activation_function=op.bind("fused"))  # noqa: E731
    for fused, patterns in (("NONE", (plain, any_)), ("RELU", (relu, any_))):
        for pattern in (plain, relu, any_):
            found, why = found_by(pattern, text_of(mul("r", "x", "y", fused) + RETURN))
            assert found is (pattern in patterns)
            assert found or why in {
                "an attribute that the pattern does not mention",
                "fused_activation_function 'RELU' expected",
            }


def test_one_name_for_two_attributes_means_that_they_are_equal() -> None:
    def pattern(op: Any, x: Any, y: Any, z: Any) -> Root:
        inner = op.tfl.mul(y, z, fused_activation_function=op.bind("fused"))
        return op.tfl.mul(x, inner, fused_activation_function=op.bind("fused"))

    for inner, found in (("RELU", True), ("RELU6", False)):
        body = mul("0", "y", "z", inner) + mul("r", "x", "0", "RELU")
        assert found_by(pattern, text_of(body + RETURN, inputs=3))[0] is found


@pytest.mark.parametrize(
    ("attributes", "name", "value"),
    [
        ("a = array<i64: 1, 2>", "a", [1, 2]),
        ("a = array<i1: true>", "a", [True]),
        ("a = true", "a", True),
        ("a = 3 : i32", "a", 3),
        ("a = 0.5 : f32", "a", 0.5),
        ('a = "NHWC"', "a", "NHWC"),
        ('a = ["x", 1]', "a", ["x", 1]),
        ("b = 1", "a", None),
    ],
)
def test_attributes_of_composites_as_plain_values(
    attributes: str, name: str, value: object
) -> None:
    text = f"""module {{
func.func @main(%x: {X} {{litewright.name = "x"}}) -> ({X} {{litewright.name = "r"}}) {{
  %r = stablehlo.composite "acme.twice" %x
    {{composite_attributes = {{{attributes}}}, decomposition = @d}} : ({X}) -> {X}
  return %r : {X}
}}
func.func private @d(%x: {X}) -> {X} {{
  return %x : {X}
}}
}}"""
    with mlir.use(mlir.make_context()):
        program = program_of(text)
        op = next(iter(body_of(program.signature("main")).operations))
        assert attribute_of(op, name) == value
    if value is not None:

        def pattern(op: Any, x: Any) -> Root:
            return op.composite("acme.twice", x, a=value)

        assert found_by(pattern, text)[0]
        assert not found_by(lambda op, x: op.composite("acme.thrice", x), text)[0]
        assert not found_by(lambda op, x: op.composite("acme.twice", x, a="other"), text)[0]


def test_what_a_reduction_folds_with() -> None:
    body = f"""%c = stablehlo.constant dense<0.0> : tensor<f32>
%r = stablehlo.reduce(%x init: %c) applies stablehlo.add across dimensions = [1] : ({X}, tensor<f32>) -> tensor<2xf32>
%0 = stablehlo.broadcast_in_dim %r, dims = [0] : (tensor<2xf32>) -> {X}
return %0 : {X}"""

    def sums(op: Any, x: Any) -> Root:
        total = op.stablehlo.reduce(x, op.number(0), reduction="stablehlo.add", dimensions=[1])
        return op.stablehlo.broadcast_in_dim(total)

    def maxima(op: Any, x: Any) -> Root:
        total = op.stablehlo.reduce(x, op.number(0), reduction="stablehlo.maximum")
        return op.stablehlo.broadcast_in_dim(total)

    assert found_by(sums, text_of(body))[0]
    assert found_by(maxima, text_of(body)) == (False, "reduction 'stablehlo.maximum' expected")


# ---- choices -------------------------------------------------------------------------------------

RESHAPED = f"""%s = "tfl.pseudo_const"() {{value = dense<[2, 3]> : tensor<2xi32>}} : () -> tensor<2xi32>
%1 = "tfl.reshape"(%0, %s) : ({X}, tensor<2xi32>) -> {X}
"""


def test_an_optional_op_is_there_or_not() -> None:
    pattern = lambda op, x: op.tfl.abs(op.maybe_reshape(op.tfl.neg(x)))  # noqa: E731
    assert found_by(pattern, text_of(TWICE + RETURN))[0]
    body = unary("neg", "0", "x") + RESHAPED + unary("abs", "r", "1")
    assert found_by(pattern, text_of(body + RETURN))[0]
    body = unary("neg", "0", "x") + unary("exp", "1", "0") + unary("abs", "r", "1")
    assert found_by(pattern, text_of(body + RETURN)) == (False, "tfl.neg expected")


def test_an_optional_cast() -> None:
    half = "tensor<2x3xf16>"
    body = f"""%0 = stablehlo.convert %x : ({X}) -> {half}
%1 = stablehlo.convert %0 : ({half}) -> {X}
%r = stablehlo.abs %1 : {X}
"""

    def pattern(op: Any, x: Any) -> Root:
        return op.stablehlo.abs(op.maybe_cast(op.maybe_cast(x)))

    assert found_by(pattern, text_of(body + RETURN))[0]
    with mlir.use(mlir.make_context()):
        rule = rewrite_rule("rule", pattern, lambda found: found["x"])
        program = program_of(text_of(body + RETURN))
        RuleSet("rule", (rule,)).run(program)
        assert ops_in(program) == Counter({"func.return": 1})


def ops_in(program: Program) -> Counter[str]:
    return Counter(op_name(op) for op in body_of(program.signature("main")).operations)


def test_an_optional_op_that_others_read_is_what_the_variable_stands_for() -> None:
    """The reshape must stay for its other reader, so the pattern ends in front of it."""
    bound: list[str] = []

    def rewrite(found: Match) -> ir.Value:
        bound.append(op_name(found["x"].owner))
        return found["x"]

    pattern = lambda op, x: op.tfl.abs(op.maybe_reshape(x))  # noqa: E731
    body = unary("neg", "0", "x") + RESHAPED + unary("abs", "r", "1")
    for results, expected in ((["r"], "tfl.neg"), (["r", "1"], "tfl.reshape")):
        kinds = ", ".join([X] * len(results))
        values = ", ".join(f"%{each}" for each in results)
        text = text_of(f"{body}return {values} : {kinds}", "; ".join([X] * len(results)))
        with mlir.use(mlir.make_context()):
            RuleSet("rule", (rewrite_rule("rule", pattern, rewrite),)).run(program_of(text))
        assert bound.pop() == expected


def test_the_first_alternative_that_fits() -> None:
    pattern = lambda op, x: op.tfl.abs(op.any_of(op.tfl.neg(x), op.tfl.exp(x)))  # noqa: E731
    for inner, found in (("neg", True), ("exp", True), ("sin", False)):
        body = unary(inner, "0", "x") + unary("abs", "r", "0")
        assert found_by(pattern, text_of(body + RETURN))[0] is found


def test_alternatives_and_optional_ops_at_the_root() -> None:
    either = lambda op, x: op.any_of(op.tfl.neg(op.tfl.neg(x)), op.tfl.abs(op.tfl.neg(x)))  # noqa: E731
    for outer, found in (("neg", True), ("abs", True), ("exp", False)):
        body = unary("neg", "0", "x") + unary(outer, "r", "0")
        assert found_by(either, text_of(body + RETURN))[0] is found
    optional = lambda op, x: op.maybe_reshape(op.tfl.neg(x))  # noqa: E731
    text = text_of(unary("neg", "0", "x") + RESHAPED.replace("%1", "%r") + RETURN)
    assert found_by(optional, text)[0]


def test_roots() -> None:
    op = Operations()
    x = op.constant("x")
    assert roots_of(op.tfl.neg(x)) == ("tfl.neg",)
    assert roots_of(op.any_of(op.tfl.neg(x), op.tfl.abs(x), op.tfl.neg(x))) == (
        "tfl.neg",
        "tfl.abs",
    )
    assert roots_of(op.maybe("tfl.cast", op.composite("a.b", x))) == ("tfl.cast", "composite:a.b")
    with pytest.raises(UserError, match="the root of a pattern is an op, not the variable x"):
        rewrite_rule("rule", lambda op, x: op.maybe_cast(x), lambda found: found["x"])


def test_a_result_by_its_number() -> None:
    body = f"""%c = "tfl.pseudo_const"() {{value = dense<1> : tensor<i32>}} : () -> tensor<i32>
%0:3 = "tfl.split"(%c, %x) {{num_splits = 3 : i32}}
  : (tensor<i32>, {X}) -> (tensor<2x1xf32>, tensor<2x1xf32>, tensor<2x1xf32>)
%r = "tfl.neg"(%0#1) : (tensor<2x1xf32>) -> tensor<2x1xf32>
return %r : tensor<2x1xf32>"""
    for number, found in ((1, True), (0, False)):

        def pattern(op: Any, x: Any, number: Any = number) -> Root:
            del x
            parts = op.tfl.split(op.constant("axis"), op.constant("y"), num_splits=3)
            return op.tfl.neg(parts[number])

        reason = found_by(pattern, text_of(body, "tensor<2x1xf32>"))[1]
        assert reason == ("a constant expected as y" if found else "result 0 expected")


# ---- what is written wrongly ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (lambda op, x: op.tfl.multiply(x, x), "tfl has no op 'multiply'"),
        (lambda op, x: op.tfl.fully_conected(x), "did you mean fully_connected?"),
        (lambda op, x: op.stablehlo.mul(x, x), "stablehlo has no op 'mul'"),
        (lambda op, x: op.chlo.erff(x), "did you mean erf?"),
        (
            lambda op, x: op.tfl.mul(x, x, activation="RELU"),
            "tfl.mul has no attribute 'activation'",
        ),
    ],
)
def test_what_does_not_exist_is_refused_when_the_rule_is_made(
    pattern: Written, message: str
) -> None:
    with pytest.raises(UserError) as caught:
        rewrite_rule("rule", pattern, lambda found: found["x"])
    assert message in str(caught.value)


def test_names_that_python_keeps_for_itself() -> None:
    assert Operations().stablehlo.and_(Operations().constant("x")).op == "stablehlo.and"


# ---- how far it got ------------------------------------------------------------------------------


def test_the_farthest_attempt_is_told_with_the_line_where_it_stopped() -> None:
    """The second order of the operands gets one op farther than the first."""

    def pattern(op: Any, x: Any) -> Root:
        return op.tfl.mul(op.tfl.neg(x), op.tfl.neg(op.tfl.abs(op.tfl.exp(x))))

    body = unary("sin", "0", "x", "3") + unary("abs", "1", "0", "4") + unary("neg", "2", "1", "5")
    body += mul("r", "2", "y", where="6")
    rule = rewrite_rule("rule", pattern, lambda found: found["x"])
    with mlir.use(mlir.make_context()):
        misses = Misses("rule")
        Pipeline((RuleSet("rule", (rule,)),)).run(program_of(text_of(body + RETURN)), (misses,))
    (miss,) = misses.ranked()
    assert (miss.op, miss.origin) == ("tfl.mul", "r (model.py:6)")
    assert (miss.progress, miss.reason, miss.at) == (
        3,
        "tfl.exp expected: tfl.sin",
        "0 (model.py:3)",
    )
