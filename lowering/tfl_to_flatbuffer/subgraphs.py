"""Functions of a program as subgraphs of a file.

Tensors are numbered as they are first used: inputs, then for each op what it reads and what it yields.
So where a constant stands in the text makes no difference to the file.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from litewright.compiler.diagnostics import InternalError
from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import Array, func, ir, op_name
from litewright.compiler.ir.origin import origin_of
from litewright.compiler.ir.program import body_of, input_name, weight_symbol
from litewright.compiler.ir.quantized_type import (
    WeightQuantization,
    storage_of,
    weight_quantization_of,
)
from litewright.compiler.ir.types import DYNAMIC, array_of
from litewright.compiler.weights import WeightStore
from litewright.compiler.weights.expression import leaves

from . import flexbuffer, quantization
from .buffers import Buffers
from .elements import to_bytes
from .naming import Names
from .opcodes import OperatorCodes
from .options import Options, SubgraphIndex, calls_of, element_code, options_of
from .schema import ELEMENT_CODES, SECOND_OPTIONS, Record

_CONSTANTS = frozenset({"tfl.pseudo_const", "tfl.pseudo_qconst"})
NOTHING = -1
"""The tensor index of an optional operand that is not there."""


class Subgraph:
    """Builds one subgraph.

    Attributes:
        record: the schema's table.
        inputs: tensor index by input name.
        outputs: tensor index of every result, in order.
    """

    def __init__(
        self,
        function: func.FuncOp,
        *,
        weights: WeightStore,
        buffers: Buffers,
        codes: OperatorCodes,
        index_of: SubgraphIndex,
        own_outputs: bool,
    ) -> None:
        """Builds the subgraph.

        Args:
            function: what it computes.
            weights: the store of the function's weight arguments.
            buffers: receives the contents of constants and weights.
            codes: receives the ops that are used.
            index_of: the number of the subgraph of another function.
            own_outputs: every output gets a tensor of its own, a copy if it must be.
        """
        self._weights, self._buffers, self._codes, self._index_of = (
            weights,
            buffers,
            codes,
            index_of,
        )
        self._tensors: list[Record] = []
        self._operators: list[Record] = []
        self._names = Names()
        self._numbers: dict[ir.Value, int] = {}
        self.inputs = {
            self._input_label(a): self._input(a)
            for a in function.arguments
            if weight_symbol(a) is None
        }
        *body, terminator = body_of(function).operations
        for op in body:
            self._operator(op)
        finished: list[int] = []
        for value in terminator.operands:
            number = self._number(value)
            if own_outputs and (number in finished or self._is_fixed(number)):
                number = self._copy(number, value)
            finished.append(number)
        self.outputs = finished
        self.record: Record = {
            "tensors": self._tensors,
            "inputs": list(self.inputs.values()),
            "outputs": finished,
            "operators": self._operators,
            "name": function.name.value,
        }

    # ---- tensors ---------------------------------------------------------------------------------

    def _input_label(self, argument: ir.BlockArgument) -> str:
        return input_name(argument) or f"arg{argument.arg_number}"

    def _input(self, argument: ir.BlockArgument) -> int:
        name = input_name(argument)
        label = (
            self._names.unique(name)
            if name
            else self._names.of(argument.location, f"arg{argument.arg_number}")
        )
        return self._tensor(argument, label)

    def _number(self, value: ir.Value) -> int:
        """The tensor of a value; constants and weights get theirs here."""
        if tfl.is_no_value(value):
            return NOTHING
        found = self._numbers.get(value)
        if found is not None:
            return found
        symbol = weight_symbol(value)
        if symbol is not None:
            return self._weight(value, symbol)
        owner = value.owner
        if isinstance(owner, ir.Block) or op_name(owner) not in _CONSTANTS | {"tfl.variable"}:
            raise InternalError("a function reads a value that is neither its own nor constant")
        name = self._names.of(owner.location, "constant")
        if op_name(owner) == "tfl.variable":
            return self._tensor(value, name, is_variable=True)
        return self._tensor(value, name, buffer=self._buffers.constant(_constant_bytes(owner)))

    def _weight(self, value: ir.Value, symbol: str) -> int:
        parameter = next(iter(leaves(self._weights.expression(symbol))))
        name = self._names.unique(parameter)
        element = str(storage_of(ir.RankedTensorType(value.type).element_type))
        buffer = self._buffers.weight(symbol, element)
        scheme = weight_quantization_of(value)
        if scheme is None:
            return self._tensor(value, name, buffer=buffer)
        if scheme.block_size is None:
            later = self._buffers.scales(scheme)
            record = quantization.record_of_weight(scheme, self._weights, later)
        else:
            record = self._blocks(scheme, name, buffer)
        return self._tensor(value, name, buffer=buffer, quantized=record)

    def _blocks(self, scheme: WeightQuantization, name: str, integers: int) -> Record:
        self._tensors.append({
            "shape": list(self._weights.type_of(scheme.scales).shape),
            "type": ELEMENT_CODES[quantization.BLOCK_SCALES],
            "buffer": self._buffers.block_scales(scheme, integers),
            "name": self._names.unique(f"{name}_scales"),
            "has_rank": True,
        })  # fmt: skip
        details = {
            "scales": len(self._tensors) - 1,
            "zero_points": -1,
            "block_size": scheme.block_size,
        }
        return {
            "details": ("BlockwiseQuantization", details),
            "quantized_dimension": scheme.axis or 0,
        }

    def _tensor(
        self,
        value: ir.Value,
        name: str,
        *,
        buffer: int = 0,
        quantized: Record | None = None,
        is_variable: bool = False,
    ) -> int:
        kind = ir.RankedTensorType(value.type)
        shape = list(kind.shape)
        record: Record = {
            "shape": [1 if size == DYNAMIC else size for size in shape],
            "type": element_code(kind.element_type),
            "buffer": buffer,
            "name": name,
            "quantization": quantized or quantization.record_of_type(kind.element_type),
            "is_variable": is_variable,
            "has_rank": True,
        }
        if DYNAMIC in shape:
            record["shape_signature"] = [-1 if size == DYNAMIC else size for size in shape]
        self._tensors.append(record)
        self._numbers[value] = len(self._tensors) - 1
        return len(self._tensors) - 1

    # ---- operators -------------------------------------------------------------------------------

    def _operator(self, op: ir.OpView) -> None:
        name = op_name(op)
        if name in _CONSTANTS or name in {"tfl.no_value", "tfl.variable"}:
            return
        spec = tfl.spec_of(op)
        options: Options | None
        if name == "stablehlo.composite":
            code, options = self._codes.builtin("STABLEHLO_COMPOSITE", 1), self._composite(op)
        elif spec is None or name == "tfl.yield":
            raise InternalError(f"{name} cannot be written to a file, {origin_of(op.location)}")
        else:
            code, options = self._codes.of(op, spec), options_of(op, spec, self._index_of)
        operands = [*op.operands, *(calls_of(op)[0].operands if name == "tfl.if" else ())]
        record: Record = {
            "opcode_index": code,
            "inputs": [self._number(value) for value in operands],
            "outputs": [
                self._result(op, value, position) for position, value in enumerate(op.results)
            ],
        }
        if options is not None:
            record["builtin_options_2" if options[0] in SECOND_OPTIONS else "builtin_options"] = (
                options
            )
        if name == "tfl.custom":
            record["custom_options"] = tfl.attribute(op, "custom_option")
        if name == "tfl.raw":
            record |= self._raw_extras(op, len(record["inputs"]))
        self._operators.append(record)

    def _result(self, op: ir.OpView, value: ir.Value, position: int) -> int:
        name = op_name(op).partition(".")[2]
        return self._tensor(
            value,
            self._names.of(_location(op, position), f"{name}_{position}" if position else name),
        )

    def _composite(self, op: ir.OpView) -> Options:
        version = op.attributes.get("version")
        return "StableHLOCompositeOptions", {
            "name": ir.StringAttr(op.attributes["name"]).value,
            "decomposition_subgraph_index": self._index_of(
                ir.FlatSymbolRefAttr(op.attributes["decomposition"]).value
            ),
            "composite_attributes": flexbuffer.encode(
                _dictionary(op.attributes.get("composite_attributes"))
            ),
            "version": ir.IntegerAttr(version).value if version is not None else 1,
        }

    def _raw_extras(self, op: ir.OpView, operand_count: int) -> Record:
        mutated: Sequence[int] = tfl.attribute(op, "mutated")
        scratch: Sequence[ir.Type] = tfl.attribute(op, "intermediates")
        extras: Record = {}
        if mutated:
            extras["mutating_variable_inputs"] = [
                position in mutated for position in range(operand_count)
            ]
        if scratch:
            extras["intermediates"] = [self._scratch(kind) for kind in scratch]
        return extras

    def _scratch(self, kind: ir.Type) -> int:
        tensor = ir.RankedTensorType(kind)
        self._tensors.append({
            "shape": list(tensor.shape),
            "type": element_code(tensor.element_type),
            "name": self._names.unique("intermediate"),
            "quantization": quantization.record_of_type(tensor.element_type),
            "has_rank": True,
        })  # fmt: skip
        return len(self._tensors) - 1

    # ---- outputs ---------------------------------------------------------------------------------

    def _is_fixed(self, number: int) -> bool:
        """Whether a tensor is an input or constant, which a caller could not tell from the output."""
        tensor = self._tensors[number]
        return number in self.inputs.values() or tensor["buffer"] != 0 or tensor["is_variable"]

    def _copy(self, number: int, value: ir.Value) -> int:
        """An op that copies a tensor, and the copy.

        A RESHAPE to the tensor's own shape copies: the runtime lets it share memory only between tensors
        that are no outputs of the subgraph. With several dynamic dimensions, a SLICE of everything.
        """
        tensor = self._tensors[number]
        shape: list[int] = tensor.get("shape_signature", tensor["shape"])
        if shape.count(-1) <= 1:
            code, extra = self._codes.builtin("RESHAPE", 1), [self._spelt(shape)]
        else:
            code = self._codes.builtin("SLICE", _slice_version(value))
            extra = [self._spelt([0] * len(shape)), self._spelt([-1] * len(shape))]
        copy: Record = {**tensor, "buffer": 0, "is_variable": False}
        copy["name"] = self._names.unique(f"{tensor['name']}_copy")
        self._tensors.append(copy)
        output = len(self._tensors) - 1
        self._operators.append(
            {"opcode_index": code, "inputs": [number, *extra], "outputs": [output]}
        )
        return output

    def _spelt(self, numbers: Sequence[int]) -> int:
        array = np.array(numbers, np.int32)
        self._tensors.append({
            "shape": list(array.shape),
            "type": ELEMENT_CODES["i32"],
            "buffer": self._buffers.constant(bytes(to_bytes(array))),
            "name": self._names.unique("shape"),
            "has_rank": True,
        })  # fmt: skip
        return len(self._tensors) - 1


def _location(op: ir.OpView, position: int) -> ir.Location:
    """The location of one result: an op with several may carry one for each, fused."""
    whole = op.location
    if isinstance(whole, ir.FusedLoc) and len(whole.locations) == len(op.results):
        return whole.locations[position]
    return whole


def _slice_version(value: ir.Value) -> int:
    fact = tfl.tensor_fact(value)
    assert fact is not None, "no value is no output"
    return tfl.OPS["slice"].version(tfl.OpFacts((fact,), (fact,), {}))


def _dictionary(value: ir.Attribute | None) -> ir.DictAttr:
    return ir.DictAttr(value) if value is not None else ir.DictAttr.get({})


def _constant_bytes(owner: ir.OpView | ir.Operation) -> bytes:
    array: Array = array_of(owner.attributes["value"])
    return bytes(to_bytes(array))
