"""The body of a function, rebuilt from the operators of a subgraph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litewright.compiler.diagnostics import FormatError
from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import func, ir
from litewright.compiler.ir.origin import Origin
from litewright.compiler.ir.program import NAME, WEIGHT, set_result_names
from litewright.compiler.ir.quantized_type import QUANT, WeightQuantization
from litewright.compiler.ir.types import dense, element_type, tensor_type

from .buffers import INLINE_LIMIT
from .quantization import blocks_of
from .schema import BUILTIN_NAMES, Record
from .tensors import Tensors
from .uses import Callees, Use, emit_use
from .weights import Weights


@dataclass(frozen=True, slots=True)
class Plan:
    """A function that shall be made from a subgraph.

    Attributes:
        name: of the function.
        subgraph: its number in the file.
        is_public: whether it is a signature.
        inputs: input name by tensor, in order.
        outputs: tensor and name of every result, in order.
    """

    name: str
    subgraph: int
    is_public: bool
    inputs: dict[int, str]
    outputs: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all functions of a file share.

    Attributes:
        codes: operator codes.
        callees: the functions that ops may refer to.
        weights: receives large constants.
    """

    codes: Sequence[Record]
    callees: Callees
    weights: Weights


class Body:
    """Builds one function at the current insertion point."""

    def __init__(
        self, plan: Plan, operators: Sequence[Record], tensors: Tensors, surroundings: Surroundings
    ) -> None:
        """Builds the function."""
        self._plan, self._operators, self._tensors = plan, operators, tensors
        self._surroundings, self._weights = surroundings, surroundings.weights
        constants = self._weight_tensors() if plan.is_public else []
        arguments = [*plan.inputs, *constants]
        kinds = [*tensors.types(list(plan.inputs)), *map(self._storage_type, constants)]
        visibility = "public" if plan.is_public else "private"
        function = func.FuncOp(plan.name, ir.FunctionType.get(kinds, []), visibility=visibility)
        function.add_entry_block([self._location(index) for index in arguments])
        self._values: dict[int, ir.Value] = dict(zip(arguments, function.arguments, strict=True))
        with ir.InsertionPoint(function.entry_block):
            for operator in operators:
                self._operator(operator)
            results = [self._value(index) for index, _ in plan.outputs]
            func.ReturnOp(results, loc=ir.Location.unknown())
        _set_type(function, results)
        if plan.is_public:
            entries = [
                *map(_input_entry, plan.inputs.values()),
                *map(self._weight_entry, constants),
            ]
            function.attributes["arg_attrs"] = ir.ArrayAttr.get(entries)
            set_result_names(function, [name for _, name in plan.outputs])

    # ---- values ----------------------------------------------------------------------------------

    def _weight_tensors(self) -> list[int]:
        """The tensors that become weight arguments: large constants, and such as are quantised in blocks."""
        used = (index for operator in self._operators for index in operator["inputs"])
        wanted = [*used, *(index for index, _ in self._plan.outputs)]
        return [
            i
            for i in dict.fromkeys(wanted)
            if i >= 0 and i not in self._plan.inputs and self._is_weight(i)
        ]

    def _is_weight(self, index: int) -> bool:
        tensors, extent = self._tensors, self._tensors.extent(index)
        if extent is None or not tensors.has_plain_elements(index) or tensors.is_empty(index):
            return False
        in_blocks = blocks_of(tensors.record(index)["quantization"]) is not None
        return extent.size >= INLINE_LIMIT or in_blocks

    def _storage_type(self, index: int) -> ir.Type:
        return tensor_type(self._tensors.shape(index), self._tensors.element(index))

    def _weight_entry(self, index: int) -> ir.Attribute:
        symbol = self._symbol(index)
        entry: dict[str, ir.Attribute] = {WEIGHT: ir.StringAttr.get(symbol)}
        scheme = self._quantization(index, symbol)
        if scheme is not None:
            entry[QUANT] = scheme.attribute()
        return ir.DictAttr.get(entry)

    def _symbol(self, index: int) -> str:
        tensors = self._tensors
        shape = tensors.shape(index)
        if any(size < 0 for size in shape):
            raise FormatError(f"constant {tensors.name(index)} has a dynamic dimension")
        name = tensors.name(index) or f"weight_{index}"
        return self._weights.symbol(
            tensors.record(index)["buffer"], tensors.element(index), shape, name
        )

    def _quantization(self, index: int, symbol: str) -> WeightQuantization | None:
        record = self._tensors.record(index)
        blocks = blocks_of(record["quantization"])
        if blocks is not None:
            axis: int = record["quantization"]["quantized_dimension"]
            return self._weights.blocks(self._symbol(blocks["scales"]), axis, blocks["block_size"])
        quantized = self._tensors.quantized(index)
        return self._weights.quantization(symbol, quantized) if quantized is not None else None

    def _value(self, index: int) -> ir.Value:
        """The value of a tensor that is read; constants are made here."""
        if index == -1:
            return tfl.no_value()
        if index not in self._values:
            with self._location(index):
                self._values[index] = self._made(index)
        return self._values[index]

    def _made(self, index: int) -> ir.Value:
        tensors, kind = self._tensors, self._tensors.type(index)
        if tensors.record(index)["is_variable"]:
            return tfl.emit("variable", [], kind)
        if tensors.extent(index) is None and not tensors.is_empty(index):
            raise FormatError(f"tensor {tensors.name(index)} is read before anything writes it")
        if blocks_of(tensors.record(index)["quantization"]) is not None:
            raise FormatError(
                f"constant {tensors.name(index)} is quantised in blocks, which only a signature may have"
            )
        if not tensors.has_plain_elements(index):
            return tfl.emit("pseudo_const", [], kind, value=tensors.raw(index))
        value = dense(tensors.numbers(index), element_type(tensors.element(index)))
        if tensors.quantized(index) is not None:
            return tfl.emit("pseudo_qconst", [], kind, qtype=kind, value=value)
        return tfl.emit("pseudo_const", [], kind, value=value)

    def _location(self, index: int) -> ir.Location:
        path, _, label = self._tensors.name(index).rpartition(".")
        return Origin(path, label).location()

    def _location_of(self, outputs: Sequence[int]) -> ir.Location:
        """The location of an op; one for each result, fused, where it has several."""
        if len(outputs) > 1:
            return ir.Location.fused([self._location(index) for index in outputs])
        return self._location(outputs[0]) if outputs else ir.Location.unknown()

    # ---- operators -------------------------------------------------------------------------------

    def _operator(self, operator: Record) -> None:
        for index in operator["outputs"]:
            if index in self._values:
                raise FormatError(f"tensor {self._tensors.name(index)} is written twice")
        outputs: list[int] = operator["outputs"]
        kinds = self._tensors.types(outputs)
        scratch = self._tensors.types(operator["intermediates"])
        operands = [self._value(index) for index in operator["inputs"]]
        with self._location_of(outputs):
            results = emit_use(
                Use(*self._code(operator), operator, operands, kinds, scratch),
                self._surroundings.callees,
            )
        self._values |= dict(zip(outputs, results, strict=True))

    def _code(self, operator: Record) -> tuple[str, Record]:
        """The builtin operator of an operator, and its code."""
        number: int = operator["opcode_index"]
        codes = self._surroundings.codes
        if not 0 <= number < len(codes):
            raise FormatError(f"operator code {number} is referred to, there are {len(codes)}")
        code = codes[number]
        builtin: int = max(code["deprecated_builtin_code"], code["builtin_code"])
        if not 0 <= builtin < len(BUILTIN_NAMES):
            raise FormatError(
                f"builtin operator {builtin} is not known; the file is newer than this reader"
            )
        return BUILTIN_NAMES[builtin], code


def _input_entry(name: str) -> ir.Attribute:
    return ir.DictAttr.get({NAME: ir.StringAttr.get(name)})


def _set_type(function: func.FuncOp, results: Sequence[ir.Value]) -> None:
    kind = ir.FunctionType.get(
        [a.type for a in function.arguments], [value.type for value in results]
    )
    function.attributes["function_type"] = ir.TypeAttr.get(kind)
