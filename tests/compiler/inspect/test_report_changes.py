"""What a report says a pass changed."""

from litewright.compiler.inspect.report.changes import Line, compare, lines_of
from litewright.compiler.inspect.report.origins import Origins
from litewright.compiler.inspect.report.snapshots import Operand, Row, Snapshot
from litewright.compiler.ir.origin import Origin


class Ops:
    """Builds snapshots by hand: `add("layers.0", "mul", "mul", [-1, -1])` returns the number of its row."""

    def __init__(self, origins: Origins) -> None:
        self.origins = origins
        self.rows: list[Row] = []

    def add(
        self, path: str, label: str, kind: str, operands: list[Operand], attributes: str = ""
    ) -> int:
        number = self.origins.strings.number
        origin = self.origins.origin(Origin(path, label))
        row = (origin, number(kind), number("f32[4]"), operands, number(attributes))
        self.rows.append(row)
        return len(self.rows) - 1

    def snapshot(self, result: Operand) -> Snapshot:
        return {"arguments": [("x", 0, 0)], "ops": self.rows, "results": [("y", result)]}


def _texts(lines: list[Line]) -> list[str]:
    return [str(line).replace("~", "_") for line in lines]


def test_a_line_names_values_after_their_origins() -> None:
    origins = Origins()
    ops = Ops(origins)
    two = ops.add("norm", "mul", "constant", [], "2")
    first = ops.add("norm", "mul", "mul", [-1, two])
    second = ops.add("norm", "mul", "mul", [first, first])
    last = ops.add("act", "silu", "logistic", [second], "fast = true")
    assert _texts(lines_of(ops.snapshot(last), origins)) == [
        "%norm.mul = mul(%x, 2) : f32[4]",
        "%norm.mul_1 = mul(%norm.mul, %norm.mul) : f32[4]",
        "%act.silu.logistic = logistic(%norm.mul_1) {fast = true} : f32[4]",
        "return y = %act.silu.logistic",
    ]


def test_values_keep_their_names_when_ops_before_them_go() -> None:
    origins = Origins()
    before, after = Ops(origins), Ops(origins)
    negated = before.add("m", "neg", "neg", [-1])
    gone = before.add("m", "mul", "mul", [-1, -1])
    kept = before.add("m", "mul", "mul", [negated, -1])
    old = lines_of(before.snapshot(before.add("m", "add", "add", [kept, gone])), origins)
    negated = after.add("m", "neg", "neg", [-1])
    kept = after.add("m", "mul", "mul", [negated, -1])
    new = lines_of(after.snapshot(after.add("m", "add", "add", [kept, -1])), origins, old)
    changes = compare({"f": old}, {"f": new})
    assert changes.groups[0].lines == [
        "-%m.mul = mul(%x, %x) : f32[4]",
        "-%m.add = add(%m.mul_1, %m.mul) : f32[4]",
        "+%m.add = add(%m.mul_1, %x) : f32[4]",
    ]


def test_what_only_moved_did_not_change() -> None:
    origins = Origins()
    before, after = Ops(origins), Ops(origins)
    for ops, order in ((before, "ab"), (after, "ba")):
        for module in order:
            ops.add(module, "neg", "neg", [-1])
    old = lines_of(before.snapshot(0), origins)
    new = lines_of(after.snapshot(1), origins, old)
    changes = compare({"f": old}, {"f": new})
    assert (changes.removed, changes.added, changes.groups) == (0, 0, [])


def test_alike_changes_of_many_layers_are_one_group() -> None:
    origins = Origins()
    before, after = Ops(origins), Ops(origins)
    for layer in range(22):
        before.add(f"layers.{layer}.mlp", "mul", "mul", [-1, -1])
        after.add(f"layers.{layer}.mlp", "mul", "square", [-1])
    old = lines_of(before.snapshot(0), origins)
    changes = compare({"f": old}, {"f": lines_of(after.snapshot(0), origins, old)})
    group = next(g for g in changes.groups if "%layers" in g.lines[0])
    assert len(group.places) == 22
    assert group.lines == [
        "-%layers.0.mlp.mul = mul(%x, %x) : f32[4]",
        "+%layers.0.mlp.mul.square = square(%x) : f32[4]",
    ]


def test_long_changes_are_cut_and_counted() -> None:
    origins = Origins()
    before, after = Ops(origins), Ops(origins)
    after.add("m", "neg", "neg", [-1])
    for _ in range(500):
        before.add("m", "mul", "mul", [-1, -1])
    for layer in range(900):
        before.add(f"m{layer}", f"op{layer}", "mul", [-1, -1], f"some = [{layer}]")
    old = lines_of(before.snapshot(0), origins)
    changes = compare({"f": old}, {"f": lines_of(after.snapshot(0), origins, old)})
    assert changes.removed == 1401
    long = next(group for group in changes.groups if group.omitted)
    assert len(long.lines) + long.omitted == 501
    assert changes.omitted > 0
    assert sum(len(line) for group in changes.groups for line in group.lines) < 30_000
