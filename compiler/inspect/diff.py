"""What two programs have in common: their ops, aligned by where these come from.

Ops of one origin (module path and label) are compared with each other, in order. What finds no partner that
way, as in files of tools that name nothing or name differently, is aligned by kind and types.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..ir import mlir
from ..ir.mlir import Array, func
from ..ir.program import Program
from .diff_facts import Change, ModelDiff, ModuleCount, OpEntry, SignatureDiff
from .diff_reading import Op, Operand, bytes_of_program, interface_of, ops_of

_Pair = tuple[int, int]
_Key = Callable[[Op], Hashable]

# Constants of more elements may be left out of dumps.
_SMALL = 16


def diff(a: Program, b: Program, *, values: bool = True) -> ModelDiff:
    """Compares two programs, each in a context of its own.

    Args:
        a: StableHLO or tfl.
        b: the same, not necessarily on the same level.
        values: whether the numbers of weights and large constants are compared too, a tensor of each at a time.
    """
    left, right = _signatures(a), _signatures(b)
    pairs = [(name, name) for name in left if name in right]
    if not pairs and len(left) == len(right) == 1:
        pairs = [(next(iter(left)), next(iter(right)))]
    values_of = _Values(enabled=values)
    return ModelDiff(
        tuple(_compare(a, left[one], b, right[other], values_of) for one, other in pairs),
        tuple(name for name in left if name not in {one for one, _ in pairs}),
        tuple(name for name in right if name not in {other for _, other in pairs}),
        bytes_of_program(a),
        bytes_of_program(b),
    )


def _signatures(program: Program) -> dict[str, func.FuncOp]:
    with mlir.use(program.context):
        return {function.name.value: function for function in program.signatures()}


def _compare(
    a: Program, one: func.FuncOp, b: Program, other: func.FuncOp, values: _Values
) -> SignatureDiff:
    left, right = ops_of(a, one), ops_of(b, other)
    pairs = align(left, right)
    partners = dict(pairs)
    matched = set(partners.values())
    changes = [
        Change(left[i].entry, right[j].entry, what)
        for i, j in pairs
        if (what := tuple(_differences(left[i], right[j], partners, matched, values)))
    ]
    return SignatureDiff(
        a=one.name.value,
        b=other.name.value,
        interface=tuple(_interface(interface_of(a, one), interface_of(b, other))),
        ops_a=len(left),
        ops_b=len(right),
        same=len(pairs) - len(changes),
        changed=tuple(changes),
        only_a=tuple(op.entry for i, op in enumerate(left) if i not in partners),
        only_b=tuple(op.entry for j, op in enumerate(right) if j not in matched),
        modules=_modules(left, right, pairs, {(c.a.position, c.b.position) for c in changes}),
    )


# ---- alignment -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Programs:
    """The ops of both programs."""

    left: Sequence[Op]
    right: Sequence[Op]

    def sequence(self, one: Sequence[int], other: Sequence[int], key: _Key) -> list[_Pair]:
        """Ops in order that are equal by a key."""
        keys = [key(self.left[i]) for i in one], [key(self.right[j]) for j in other]
        blocks = difflib.SequenceMatcher(None, *keys, autojunk=False).get_matching_blocks()
        return [
            (one[block.a + n], other[block.b + n]) for block in blocks for n in range(block.size)
        ]

    def rest(
        self, one: Iterable[int], other: Iterable[int], pairs: Sequence[_Pair]
    ) -> tuple[list[int], list[int]]:
        """Those that are in no pair yet."""
        taken_a, taken_b = {i for i, _ in pairs}, {j for _, j in pairs}
        return [i for i in one if i not in taken_a], [j for j in other if j not in taken_b]


def align(left: Sequence[Op], right: Sequence[Op]) -> list[_Pair]:
    """Partners by position, in the order of the first program."""
    programs = _Programs(left, right)
    groups = _by_name(left), _by_name(right)
    shared = [name for name in groups[0] if name in groups[1]]
    pairs: list[_Pair] = []
    for name in shared:
        pairs += _of_one_name(programs, groups[0][name], groups[1][name])
    everywhere = range(len(left)), range(len(right))
    pairs += programs.sequence(*programs.rest(*everywhere, pairs), _kind_and_types)
    for name in shared:
        one, other = programs.rest(groups[0][name], groups[1][name], pairs)
        pairs += [(one[0], other[0])] if len(one) == len(other) == 1 else []
    one, other = programs.rest(*everywhere, pairs)
    strangers = [i for i in one if left[i].name not in groups[1]]
    pairs += programs.sequence(
        strangers, [j for j in other if right[j].name not in groups[0]], _kind
    )
    return sorted(pairs)


def _of_one_name(programs: _Programs, one: Sequence[int], other: Sequence[int]) -> list[_Pair]:
    """Those of one kind in order, if possible of the same types."""
    pairs = programs.sequence(one, other, _kind_and_types)
    return pairs + programs.sequence(*programs.rest(one, other, pairs), _kind)


def _by_name(ops: Sequence[Op]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for position, op in enumerate(ops):
        if op.name:
            groups.setdefault(op.name, []).append(position)
    return groups


def _kind_and_types(op: Op) -> Hashable:
    return (op.entry.op, op.entry.types)


def _kind(op: Op) -> Hashable:
    return op.entry.op


# ---- differences of two ops ----------------------------------------------------------------------


def _differences(
    a: Op, b: Op, partners: dict[int, int], matched: set[int], values: _Values
) -> Iterator[str]:
    if a.entry.op != b.entry.op:
        yield f"op: {a.entry.op} -> {b.entry.op}"
    if a.entry.types != b.entry.types:
        yield f"result: {', '.join(a.entry.types)} -> {', '.join(b.entry.types)}"
    if a.entry.op == b.entry.op:
        yield from _attribute_differences(a.entry, b.entry)
        yield from _operand_differences(a, b, partners, matched, values)


def _attribute_differences(a: OpEntry, b: OpEntry) -> Iterator[str]:
    for name in sorted({*a.attributes, *b.attributes}):
        one, other = a.attributes.get(name, "nothing"), b.attributes.get(name, "nothing")
        if one != other:
            yield f"{name}: {one} -> {other}"


def _operand_differences(
    a: Op, b: Op, partners: dict[int, int], matched: set[int], values: _Values
) -> Iterator[str]:
    if len(a.operands) != len(b.operands):
        yield f"operands: {len(a.operands)} -> {len(b.operands)}"
        return
    for number, (one, other) in enumerate(zip(a.operands, b.operands, strict=True)):
        told = _operand_difference(one, other, partners, matched, values)
        if told:
            yield f"operand {number}: {told}"


def _operand_difference(
    a: Operand, b: Operand, partners: dict[int, int], matched: set[int], values: _Values
) -> str:
    if a.producer is not None and b.producer is not None:
        # What was put in between, or taken away, is told where it stands.
        both = a.producer in partners and b.producer in matched
        return f"{a} -> {b}" if both and partners[a.producer] != b.producer else ""
    if a.kind != b.kind:
        known = a.producer is None or a.producer in partners
        return f"{a} -> {b}" if known and (b.producer is None or b.producer in matched) else ""
    if a.type != b.type:
        return f"{a.kind} {a.type} -> {b.type}"
    if a.kind == "input":
        return f"{a} -> {b}" if a.name != b.name else ""
    return values.difference(a, b)


@dataclass(slots=True)
class _Values:
    """Compares numbers; those of two weights once.

    Where weights are not to be read they are compared by name, and of constants the small ones, which no dump
    leaves out.
    """

    enabled: bool
    _known: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    def difference(self, a: Operand, b: Operand) -> str:
        """In words, or nothing."""
        if a.read is None or b.read is None:
            return ""
        if not self.enabled and a.kind == "weight":
            return "" if a.name == b.name else f"{a} -> {b}"
        if not self.enabled and a.count > _SMALL:
            return ""
        if a.kind == "constant":
            return _value_difference(a, a.read(), b.read())
        key = (a.name, b.name)
        if key not in self._known:
            self._known[key] = _value_difference(a, a.read(), b.read())
        return self._known[key]


def _value_difference(operand: Operand, a: Array, b: Array) -> str:
    if a.shape != b.shape or a.dtype != b.dtype:
        return f"{operand.kind} stored as {a.dtype}{list(a.shape)} -> {b.dtype}{list(b.shape)}"
    if a.tobytes() == b.tobytes():
        return ""
    if a.size <= 4:
        return f"{operand.kind} {a.tolist()} -> {b.tolist()}"
    one, other = a.astype(np.float64), b.astype(np.float64)
    wrong = int(np.count_nonzero(~((one == other) | (np.isnan(one) & np.isnan(other)))))
    worst = float(np.nanmax(np.abs(one - other), initial=0.0))
    return f"{operand}: {wrong} of {a.size} numbers differ, by {worst:.3g} at most"


def _interface(a: Sequence[str], b: Sequence[str]) -> Iterator[str]:
    for line in difflib.ndiff(a, b):
        if line.startswith(("- ", "+ ")):
            yield line


def _modules(
    left: Sequence[Op], right: Sequence[Op], pairs: Sequence[_Pair], changed: set[_Pair]
) -> tuple[ModuleCount, ...]:
    order = dict.fromkeys(op.entry.module for op in (*left, *right))
    a, b = (Counter(op.entry.module for op in ops) for ops in (left, right))
    same = Counter(left[i].entry.module for i, j in pairs if (i, j) not in changed)
    other = Counter(left[i].entry.module for i, _ in changed)
    return tuple(ModuleCount(m, a[m], b[m], same[m], other[m]) for m in order)
