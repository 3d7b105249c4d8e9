"""The functions of a signature at its probes, as one function for all sizes."""

from __future__ import annotations

from collections.abc import Sequence

from litewright.passes.core import remove_dead

from ...capture import Probes
from ...diagnostics import Unsupported, UnsupportedError
from ...inspect.survey import builtin_name
from ...ir import tfl
from ...ir.mlir import func, ir, op_name
from ...ir.origin import origin_of
from ...ir.program import ANY_SIZE, Program, input_name, inputs_of, refresh_type, weight_symbol
from ...ir.quantized_type import weight_quantization_of
from ...ir.tfl.shorthand import constant_integers, integers
from ...ir.types import element_of, is_static, rank_of, shape_of, tensor_type
from ...weights import Expression, Slice
from .constants import Explanation, UnexplainedError
from .emission import Emission
from .hazards import Shapes, hazard, surprises
from .lockstep import Difference, difference, together

STAGE = "dynamic sizes"

_HIGHEST_STRIDED = 5
"""Dimensions that STRIDED_SLICE takes."""

_HINT = "make the model treat all sizes alike, or fix the size: a signature for each"


def mark_any_size(program: Program, families: Sequence[Probes]) -> None:
    """Tells those who lower the probes what they are."""
    for probes in families:
        for name in probes.names:
            program.signature(name).attributes[ANY_SIZE] = ir.UnitAttr.get()


def generalise(program: Program, families: Sequence[Probes]) -> None:
    """Makes one signature of the functions at the probes of each family, in place.

    Args:
        program: on tfl, behind all passes.
        families: the signatures with dynamic dimensions.

    Raises:
        UnsupportedError: an op differs between sizes in more than what follows from them; all such ops of a
            signature are listed, with the user's lines.
    """
    for probes in families:
        functions = [program.signature(name) for name in probes.names]
        _check_alike(functions, probes)
        no_largest = _why_no_largest(functions, probes)
        if no_largest:
            del functions[len(probes.sizes) :]
        base = functions[0]
        _Generalisation(program, probes, functions, no_largest).run()
        functions.clear()
        del base.attributes[ANY_SIZE]
        base.attributes["sym_name"] = ir.StringAttr.get(probes.signature)
        del base
        for name in probes.names[1:]:
            _erase(program, name)
    if families:
        remove_dead(program)


def _erase(program: Program, name: str) -> None:
    found = [each for each in program.signatures() if each.name.value == name]
    while found:
        found.pop().erase()


def _why_no_largest(functions: Sequence[func.FuncOp], probes: Probes) -> str:
    """Why nobody can learn from the largest size, which may be computed otherwise; empty if one can."""
    if probes.largest is None:
        return "there is no largest size, or too large a one: give each Dim a max that it needs"
    found = difference(functions[0], functions[-1])
    return f"a smaller max may help: at the largest size {found.what} differs" if found else ""


def _check_alike(functions: Sequence[func.FuncOp], probes: Probes) -> None:
    for other in functions[1 : len(probes.sizes)]:
        found = difference(functions[0], other)
        if found is not None:
            raise UnsupportedError(STAGE, [_unsupported(found)])


def _unsupported(found: Difference) -> Unsupported:
    return Unsupported(f"{found.what}: {found.why}", found.where, _HINT)


class _Generalisation:
    """Turns the function at the base into that for all sizes, with the others in sight."""

    def __init__(
        self,
        program: Program,
        probes: Probes,
        functions: Sequence[func.FuncOp],
        no_largest: str,
    ) -> None:
        self._program, self._functions = program, functions
        self._base = functions[0]
        inputs = {input_name(each) or "": each for each in inputs_of(self._base)}
        self._explanation = Explanation(
            probes.all[: len(functions)], Emission(probes.roots, inputs), no_largest
        )
        # Shapes at the probes of what the base computes: its own types are overwritten on the way.
        self._shapes: dict[ir.Value, Shapes] = {}
        self._refused: list[Unsupported] = []

    def run(self) -> None:
        """Rewrites the base."""
        for twins in zip(*(inputs_of(each) for each in self._functions), strict=True):
            self._widen(twins)
        for ops in list(together(self._functions)):
            self._generalise(ops)
        for op, why in surprises(self._base):
            self._refuse(op, why)
        if self._refused:
            raise UnsupportedError(STAGE, self._refused)
        refresh_type(self._base)

    def _generalise(self, ops: Sequence[ir.OpView]) -> None:
        op = ops[0]
        operands = [self._shapes_of(twins) for twins in _columns(ops, "operands")]
        for number, twins in enumerate(_columns(ops, "operands")):
            if not self._is_known(twins) or tfl.is_no_value(twins[0]):
                continue
            try:
                with op.location, ir.InsertionPoint(op):
                    made = self._operand(ops, number, twins, operands)
                if made is not None:
                    op.operands[number] = made
            except UnexplainedError as why:
                self._refuse(op, f"operand {number}: {why}")
        results = [[shape_of(value) for value in twins] for twins in _columns(ops, "results")]
        doubt = hazard(op, operands, results, self._explanation.grows)
        if doubt:
            self._refuse(op, doubt)
        for twins in _columns(ops, "results"):
            self._widen(twins)
        if op_name(op) == "tfl.slice":
            self._stride(op)

    def _stride(self, op: ir.OpView) -> None:
        """SLICE of a dynamic value as STRIDED_SLICE, whose result LiteRT knows the shape of before it runs."""
        value, begin, size = op.operands[0], integers(op.operands[1]), integers(op.operands[2])
        fits = rank_of(value) <= _HIGHEST_STRIDED
        if is_static(value) or begin is None or size is None or not fits:
            return
        end = [0 if n == -1 else b + n for b, n in zip(begin, size, strict=True)]
        mask = sum(1 << axis for axis, n in enumerate(size) if n == -1)
        with op.location, ir.InsertionPoint(op):
            bounds = [constant_integers(each) for each in (begin, end, [1] * len(begin))]
            kind = op.results[0].type
            made = tfl.emit("strided_slice", [value, *bounds], kind, end_mask=mask)
        self._shapes[made] = self._shapes[op.results[0]]
        op.results[0].replace_all_uses_with(made)

    def _operand(
        self,
        ops: Sequence[ir.OpView],
        number: int,
        twins: Sequence[ir.Value],
        operands: Sequence[Shapes],
    ) -> ir.Value | None:
        """What takes the place of a constant; None if it may stay."""
        if weight_symbol(twins[0]) is not None:
            return self._weight(twins)
        stored = [_stored(value) for value in twins]
        if all(each == stored[0] for each in stored):
            return None
        arrays = [tfl.constant_of(value) for value in twins]
        known = [array for array in arrays if array is not None]
        if len(known) < len(arrays):
            raise UnexplainedError("a quantised constant has other values")
        if op_name(ops[0]) == "tfl.reshape":
            return self._explanation.new_shape([array.tolist() for array in known])
        if op_name(ops[0]) == "tfl.slice" and number == 2:
            to_the_end = _to_the_end(ops, [array.tolist() for array in known], operands[0])
            if to_the_end is not None:
                return constant_integers(to_the_end)
        return self._explanation.constant(known)

    def _weight(self, twins: Sequence[ir.Value]) -> ir.Value | None:
        """A part of a weight: the weight itself, and SLICE."""
        symbols = [weight_symbol(value) or "" for value in twins]
        if len(set(symbols)) == 1:
            return None
        if any(weight_quantization_of(value) is not None for value in twins):
            raise UnexplainedError("a quantised weight is another")
        shapes = [shape_of(value) for value in twins]
        parts = [_part(self._program.weights.expression(each)) for each in symbols]
        if len({(str(whole), start) for whole, start in parts}) > 1:
            raise UnexplainedError(f"weights {symbols[0]} and {symbols[1]} are no parts of one")
        whole, start = parts[0]
        table = self._program.weight_argument(self._base, whole)
        return self._explanation.part(table, start or [0] * len(shapes[0]), shapes)

    def _widen(self, twins: Sequence[ir.Value]) -> None:
        """Lets the dimensions that differ be dynamic."""
        shapes = [shape_of(value) for value in twins]
        self._shapes[twins[0]] = shapes
        kind = tensor_type(self._explanation.type_of(shapes), element_of(twins[0]))
        twins[0].set_type(kind)

    def _shapes_of(self, twins: Sequence[ir.Value]) -> Shapes:
        if tfl.is_no_value(twins[0]):
            return [()] * len(twins)
        return self._shapes.get(twins[0]) or [shape_of(value) for value in twins]

    def _is_known(self, twins: Sequence[ir.Value]) -> bool:
        return twins[0] not in self._shapes

    def _refuse(self, op: ir.OpView, why: str) -> None:
        where = str(origin_of(op.location))
        self._refused.append(Unsupported(f"{builtin_name(op)}: {why}", where, _HINT))


def _stored(value: ir.Value) -> ir.Attribute:
    owner = value.owner
    assert not isinstance(owner, ir.Block), "weights are told apart before"
    return owner.attributes["value"]


def _columns(ops: Sequence[ir.OpView], which: str) -> list[tuple[ir.Value, ...]]:
    return list(zip(*(list(getattr(op, which)) for op in ops), strict=True))


def _part(expression: Expression) -> tuple[Expression, tuple[int, ...]]:
    """The weight that an expression is a part of, and where the part begins; nowhere if it is all of it."""
    if isinstance(expression, Slice):
        return expression.operand, expression.start
    return expression, ()


def _to_the_end(
    ops: Sequence[ir.OpView], sizes: Sequence[list[int]], shapes: Shapes
) -> list[int] | None:
    """The sizes of a SLICE with -1 for those that differ, if these all reach the end of what is cut."""
    begins = [tfl.constant_of(op.operands[1]) for op in ops]
    kept: list[int] = []
    for axis, found in enumerate(zip(*sizes, strict=True)):
        reached = all(
            begin is not None and int(begin[axis]) + size == shape[axis]
            for begin, size, shape in zip(begins, found, shapes, strict=True)
        )
        if len(set(found)) > 1 and not reached:
            return None
        kept.append(found[0] if len(set(found)) == 1 else -1)
    return kept
