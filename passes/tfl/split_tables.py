"""Tables as their first rows and the rest, which may then be quantised differently."""

from __future__ import annotations

from dataclasses import dataclass

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import Program, owner_function
from litewright.compiler.ir.tfl.shorthand import binary, constant_integers, reshape
from litewright.compiler.ir.types import element_of, shape_of, tensor_type
from litewright.compiler.quantize.recipe import Recipe
from litewright.compiler.weights import Expression, Slice
from litewright.passes.core import Pass, remove_dead

from .matrices import expression_of
from .quantize_weights import Divided, divided_tables


@dataclass(frozen=True)
class SplitTables(Pass[Program]):
    """Splits tables whose first rows a recipe treats apart from the others.

    Tokenisers number tokens by falling frequency, or nearly so, since merges are made in that order: the first
    rows of a table are looked up, and predicted, far more often than the rest. A table that is multiplied by as
    well, as output heads are, is split there too, so that each part stays in the file once.

    Before:
        %1 = "tfl.embedding_lookup"(%tokens, %table)
        %2 = "tfl.fully_connected"(%x, %table, %none)
    After:
        %a = "tfl.embedding_lookup"(%minimum(tokens, n - 1), %first)
        %b = "tfl.embedding_lookup"(%maximum(tokens - n, 0), %rest)
        %1 = "tfl.select_v2"(%less(tokens, n), %a, %b)
        %c = "tfl.fully_connected"(%x, %first, %none)
        %d = "tfl.fully_connected"(%x, %rest, %none)
        %2 = "tfl.concatenation"(%c, %d)

    Attributes:
        recipe: its rules say by `first_rows` which tables are split, and where.
    """

    recipe: Recipe

    def run(self, unit: Program) -> bool:
        """See `Pass.run`."""
        found = list(divided_tables(unit, self.recipe))
        for table in found:
            for op in table.ops:
                split = _split_lookup if op_name(op) == "tfl.embedding_lookup" else _split_product
                split(unit, op, table)
        changed = bool(found)
        # No value may outlive what is erased now.
        found.clear()
        if changed:
            remove_dead(unit)
        return changed


def _split_lookup(program: Program, op: ir.OpView, table: Divided) -> None:
    tokens, result = op.operands[0], op.results[0]
    count = table.rows
    first, rest = _parts(program, op, table.expression, table)
    with ir.InsertionPoint(op), op.location:
        low = binary("minimum", tokens, constant_integers([count - 1]))
        high = binary("sub", tokens, constant_integers([count]))
        high = binary("maximum", high, constant_integers([0]))
        parts = [
            tfl.emit("embedding_lookup", [index, part], result.type)
            for index, part in ((low, first), (high, rest))
        ]
        kind = tensor_type(shape_of(tokens), "i1")
        is_first = tfl.emit("less", [tokens, constant_integers([count])], kind)
        column = reshape(is_first, [*shape_of(tokens), 1])
        joined = tfl.emit("select_v2", [column, *parts], result.type)
    result.replace_all_uses_with(joined)


def _split_product(program: Program, op: ir.OpView, table: Divided) -> None:
    result, bias = op.results[0], op.operands[2]
    matrices = _parts(program, op, table.expression, table)
    biases = (bias, bias)
    if not tfl.is_no_value(bias):
        biases = _parts(program, op, expression_of(program, bias), table)
    with ir.InsertionPoint(op), op.location:
        parts: list[ir.Value] = []
        for matrix, added in zip(matrices, biases, strict=True):
            shape = [*shape_of(result)[:-1], shape_of(matrix)[0]]
            kind = tensor_type(shape, element_of(result))
            operands = [op.operands[0], matrix, added]
            parts.append(tfl.emit("fully_connected", operands, kind, **tfl.attributes_of(op)))
        joined = tfl.emit("concatenation", parts, result.type, axis=len(shape_of(result)) - 1)
    result.replace_all_uses_with(joined)


def _parts(
    program: Program, op: ir.OpView, whole: Expression, table: Divided
) -> tuple[ir.Value, ir.Value]:
    """Arguments for the first rows of a weight and for the others."""
    function = owner_function(op.results[0])
    shape = program.weights.type_of(program.weights.derive(whole)).shape
    columns = (0,) * (len(shape) - 1)
    first = Slice(whole, (0, *columns), (table.rows, *shape[1:]))
    rest = Slice(whole, (table.rows, *columns), shape)
    return program.weight_argument(function, first), program.weight_argument(function, rest)
