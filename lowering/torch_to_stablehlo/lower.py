"""FX programs, one per signature, to one StableHLO module with its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch.fx import Node

from litewright.compiler.diagnostics import Unsupported, UnsupportedError, UserError
from litewright.compiler.ir import hlo, mlir
from litewright.compiler.ir.fx import FxProgram, Held, live_nodes
from litewright.compiler.ir.mlir import Array, func, ir
from litewright.compiler.ir.origin import Origin
from litewright.compiler.ir.program import NAME, WEIGHT, Program, set_result_names
from litewright.compiler.ir.torch_ops import value_of
from litewright.compiler.ir.types import tensor_type
from litewright.compiler.weights import TensorSource, WeightStore

from .composites import ModuleBuilder
from .elements import element_of_dtype
from .graph import Values, lower_nodes, without_rule
from .rules.complex_numbers import complex_of_pairs
from .table import Row, rules_with_composites
from .weights import Placement

STAGE = "torch to StableHLO"


@dataclass(frozen=True, slots=True)
class _Signature:
    """What is known of a signature before its body is written.

    Attributes:
        program: the captured signature.
        nodes: the calls that its results depend on.
        weights: placeholders that become weight arguments, with the weight's symbol. Several
            placeholders may share a symbol, and then an argument.
        constants: placeholders that become constants.
    """

    program: FxProgram
    nodes: list[Node]
    weights: dict[Node, str]
    constants: dict[Node, Held]


def lower(
    programs: Sequence[FxProgram],
    context: ir.Context,
    *,
    weights: Mapping[str, TensorSource] | None = None,
    lowerings: tuple[Row, ...] = (),
) -> Program:
    """Lowers all signatures of a model.

    Args:
        programs: one per signature, decomposed to ops that have rules.
        context: owner of the module that is made.
        weights: tensors by fully-qualified name, for parameters on the meta device.
        lowerings: rows beside those of the table.

    Returns:
        A module with a public function per signature, and the weights that they share.

    Raises:
        UnsupportedError: ops without a lowering, all of them.
        UserError: two signatures of one name, or parameters whose values are nowhere.
    """
    _check_names(programs)
    live = [list(live_nodes(program.graph_module)) for program in programs]
    known = rules_with_composites(lowerings)
    missing = [each for nodes in live for each in without_rule(nodes, known)]
    if missing:
        raise UnsupportedError(STAGE, missing)
    placement = Placement(WeightStore(), weights or {})
    with mlir.use(context):
        signatures = [_plan(p, nodes, placement) for p, nodes in zip(programs, live, strict=True)]
        builder = ModuleBuilder(ir.Module.create(), known)
        # Signatures come first, so that no decomposition takes the name of one.
        functions = [_declare(builder.module, each, placement) for each in signatures]
        refused: list[Unsupported] = []
        for function, signature in zip(functions, signatures, strict=True):
            _fill(builder, function, signature, placement, refused)
    if refused:
        raise UnsupportedError(STAGE, refused)
    return Program(builder.module, placement.store)


def _check_names(programs: Sequence[FxProgram]) -> None:
    names = [program.name for program in programs]
    for name in names:
        if names.count(name) > 1:
            raise UserError(
                f"signature {name!r} is given twice; a signature needs a name of its own"
            )
    if not names:
        raise UserError("no signature to convert")


def _plan(program: FxProgram, nodes: list[Node], placement: Placement) -> _Signature:
    used = {operand for node in nodes for operand in node.all_input_nodes} | set(program.results)
    placeholders = program.placeholders
    held = {
        placeholders[name]: each
        for name, each in program.held.items()
        if placeholders[name] in used
    }
    for each in held.values():
        placement.check(each)
    if placement.missing:
        raise UserError(_describe_missing(placement.missing, bool(placement.checkpoint)))
    weights = {
        node: placement.store.derive(placement.weight(each, program.name))
        for node, each in held.items()
        if placement.is_weight(each)
    }
    constants = {node: each for node, each in held.items() if node not in weights}
    return _Signature(program, nodes, weights, constants)


def _describe_missing(lines: Sequence[str], has_checkpoint: bool) -> str:  # noqa: FBT001
    shown = "\n  ".join(
        [*lines[:10], *([f"and {len(lines) - 10} more"] if len(lines) > 10 else [])]
    )
    if not has_checkpoint:
        return f"parameters on the meta device have no values; give weights=...:\n  {shown}"
    return f"the weights do not fit the model:\n  {shown}"


def _declare(module: ir.Module, signature: _Signature, placement: Placement) -> func.FuncOp:
    program = signature.program
    placeholders = program.placeholders
    inputs = {each.name: _type(placeholders[each.placeholder]) for each in program.inputs}
    symbols = {symbol: placement.store.type_of(symbol) for symbol in signature.weights.values()}
    kinds = [*inputs.values(), *(tensor_type(t.shape, t.dtype) for t in symbols.values())]
    results = [_type(node) for node in program.results]
    with ir.InsertionPoint(module.body):
        kind = ir.FunctionType.get(kinds, results)
        function = func.FuncOp(program.name, kind, visibility="public")
    names = [(NAME, name) for name in inputs] + [(WEIGHT, symbol) for symbol in symbols]
    function.attributes["arg_attrs"] = ir.ArrayAttr.get(
        [ir.DictAttr.get({key: ir.StringAttr.get(name)}) for key, name in names]
    )
    set_result_names(function, program.outputs)
    locations = [ir.Location.name(name) for _, name in names]
    ir.Block.create_at_start(function.regions[0], kinds, locations)
    return function


def _fill(
    builder: ModuleBuilder,
    function: func.FuncOp,
    signature: _Signature,
    placement: Placement,
    refused: list[Unsupported],
) -> None:
    program = signature.program
    placeholders = program.placeholders
    arguments = list(function.arguments)
    inputs, rest = arguments[: len(program.inputs)], arguments[len(program.inputs) :]
    by_symbol = dict(zip(dict.fromkeys(signature.weights.values()), rest, strict=True))
    fed = zip(program.inputs, inputs, strict=True)
    values: Values = {placeholders[each.placeholder]: value for each, value in fed}
    with ir.InsertionPoint(function.regions[0].blocks[0]):
        values |= _weights(signature.weights, by_symbol)
        values |= _constants(signature.constants, placement)
        lower_nodes(builder, signature.nodes, values, refused)
        results = [values[node] for node in program.results]
        func.ReturnOp([value for value in results if isinstance(value, ir.Value)])


def _weights(weights: Mapping[Node, str], arguments: Mapping[str, ir.Value]) -> Values:
    """The weight arguments of placeholders; pairs along a last dimension are complex numbers again."""
    made = {
        symbol: complex_of_pairs(arguments[symbol])
        if value_of(node).is_complex()
        else arguments[symbol]
        for node, symbol in weights.items()
    }
    return {node: made[symbol] for node, symbol in weights.items()}


def _constants(constants: Mapping[Node, Held], placement: Placement) -> Values:
    made: dict[Held, ir.Value] = {}
    for held in constants.values():
        if held not in made:
            path, _, label = held.name.rpartition(".")
            with Origin(path, label).location():
                made[held] = _constant(held, placement.values(held))
    return {node: made[held] for node, held in constants.items()}


def _constant(held: Held, array: Array) -> ir.Value:
    if not held.tensor.is_complex():
        return hlo.constant(array)
    return hlo.complex_of(*(hlo.constant(array[..., number]) for number in (0, 1)))


def _type(node: Node) -> ir.Type:
    fake = node.meta["val"]
    return tensor_type(tuple(fake.shape), element_of_dtype(fake.dtype))
