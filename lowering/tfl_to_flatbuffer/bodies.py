"""The body of a function, rebuilt from the operators of a subgraph."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from litewright.compiler.diagnostics import FormatError
from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import func, ir
from litewright.compiler.ir.origin import Origin
from litewright.compiler.ir.program import NAME, WEIGHT, set_result_names
from litewright.compiler.ir.quantized_type import QUANT, WeightQuantization
from litewright.compiler.ir.types import dense, element_type, shape_of, tensor_type

from . import flexbuffer
from .buffers import INLINE_LIMIT
from .options import Options, attributes_from, raw_fields
from .quantization import blocks_of
from .schema import BUILTIN_NAMES, CUSTOM, Record
from .tensors import Tensors
from .weights import Weights

if TYPE_CHECKING:
    from .functions import Functions, Plan

_COMPOSITE = "STABLEHLO_COMPOSITE"
# Files of old converters keep the shape of a RESHAPE here; the shape is an operand now.
_RESHAPE_OPTIONS = "ReshapeOptions"
_COMPOSITE_NAME = re.compile(r"[a-zA-Z]\w*(\.[\w$]+)+")


class Body:
    """Builds one function."""

    def __init__(
        self,
        plan: Plan,
        subgraph: Record,
        tensors: Tensors,
        model: Record,
        functions: Functions,
        weights: Weights,
    ) -> None:
        """Builds the function at the current insertion point."""
        self._plan, self._subgraph, self._tensors, self._model = plan, subgraph, tensors, model
        self._functions, self._weights = functions, weights
        self._values: dict[int, ir.Value] = {}
        constants = self._weight_tensors() if plan.is_public else []
        entries = (
            [{NAME: ir.StringAttr.get(name)} for name in plan.inputs.values()]
            if plan.is_public
            else []
        )
        entries += [self._weight_entry(index) for index in constants]
        arguments = [*plan.inputs, *constants]
        kinds = [*tensors.types(list(plan.inputs)), *map(self._storage_type, constants)]
        function = func.FuncOp(
            plan.name,
            ir.FunctionType.get(kinds, []),
            visibility="public" if plan.is_public else "private",
        )
        function.add_entry_block([self._location(index) for index in arguments])
        self._values = dict(zip(arguments, function.arguments, strict=True))
        with ir.InsertionPoint(function.entry_block):
            for operator in subgraph["operators"]:
                self._operator(operator)
            results = [self._value(index) for index, _ in plan.outputs]
            func.ReturnOp(results, loc=ir.Location.unknown())
        _set_type(function, results)
        if plan.is_public:
            attributes = [ir.DictAttr.get(entry) for entry in entries]
            function.attributes["arg_attrs"] = ir.ArrayAttr.get(attributes)
            set_result_names(function, [name for _, name in plan.outputs])

    # ---- values ----------------------------------------------------------------------------------

    def _weight_tensors(self) -> list[int]:
        """The tensors that become weight arguments: large constants, and such as are quantised in blocks."""
        used = (index for operator in self._subgraph["operators"] for index in operator["inputs"])
        wanted = [*used, *(index for index, _ in self._plan.outputs)]
        return [
            i
            for i in dict.fromkeys(wanted)
            if i >= 0 and i not in self._plan.inputs and self._is_weight(i)
        ]

    def _is_weight(self, index: int) -> bool:
        extent = self._tensors.extent(index)
        if (
            extent is None
            or not self._tensors.has_plain_elements(index)
            or self._tensors.is_empty(index)
        ):
            return False
        return (
            extent.size >= INLINE_LIMIT
            or blocks_of(self._tensors.record(index)["quantization"]) is not None
        )

    def _storage_type(self, index: int) -> ir.Type:
        return tensor_type(self._tensors.shape(index), self._tensors.element(index))

    def _weight_entry(self, index: int) -> dict[str, ir.Attribute]:
        symbol = self._symbol(index)
        entry: dict[str, ir.Attribute] = {WEIGHT: ir.StringAttr.get(symbol)}
        scheme = self._quantization(index, symbol)
        if scheme is not None:
            entry[QUANT] = scheme.attribute()
        return entry

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
        operands = [self._value(index) for index in operator["inputs"]]
        with self._location_of(outputs):
            results = self._emitted(operator, operands, kinds)
        self._values |= dict(zip(outputs, results, strict=True))

    def _emitted(
        self, operator: Record, operands: list[ir.Value], kinds: list[ir.Type]
    ) -> Sequence[ir.Value]:
        codes: list[Record] = self._model["operator_codes"]
        if not 0 <= operator["opcode_index"] < len(codes):
            raise FormatError(
                f"operator code {operator['opcode_index']} is referred to, there are {len(codes)}"
            )
        code = codes[operator["opcode_index"]]
        name = _builtin_name(code)
        options: Options | None = operator["builtin_options"] or operator["builtin_options_2"]
        if name == CUSTOM:
            return self._custom(code, operator, operands, kinds)
        if name == _COMPOSITE and options is not None:
            results = self._composite(options[1], operands, kinds)
            if results is not None:
                return results
        spec = tfl.builtin_spec(name)
        plain = not operator["intermediates"] and not any(operator["mutating_variable_inputs"])
        if (
            spec is not None
            and plain
            and (options is None or options[0] in {spec.options, _RESHAPE_OPTIONS})
        ):
            results = self._known(spec, options, operands, kinds)
            if results is not None:
                return results
        return self._raw(name, code["version"], operator, options, operands, kinds)

    def _known(
        self,
        spec: tfl.OpSpec,
        options: Options | None,
        operands: list[ir.Value],
        kinds: list[ir.Type],
    ) -> Sequence[ir.Value] | None:
        """The op of a row of the table; None if the row does not fit."""
        if spec.name == "if":
            return self._if(options, operands, kinds)
        attributes: dict[str, Any] = attributes_from(spec, options)
        if spec.name == "while":
            return self._while(options, operands, kinds)
        if spec.name == "call_once":
            record = options[1] if options is not None else {"init_subgraph_index": 0}
            attributes["session_init_function"] = self._functions.name_of(
                record["init_subgraph_index"]
            )
        if spec.name == "reshape" and len(operands) == 1:
            operands = [*operands, _shape_operand(options, kinds)]
        if not tfl.accepts(spec, len(operands), len(kinds)):
            return None
        return tfl.emit_many(spec.name, operands, kinds, **attributes)

    def _custom(
        self, code: Record, operator: Record, operands: list[ir.Value], kinds: list[ir.Type]
    ) -> Sequence[ir.Value]:
        payload = bytes(operator["custom_options"] or b"")
        if operator["large_custom_options_offset"] > 1:
            raise FormatError("a custom op with options outside the flatbuffer is not supported")
        return tfl.emit_many(
            "custom", operands, kinds, custom_code=code["custom_code"] or "", custom_option=payload
        )  # fmt: skip

    def _composite(
        self, record: Record, operands: list[ir.Value], kinds: list[ir.Type]
    ) -> Sequence[ir.Value] | None:
        number: int = record["decomposition_subgraph_index"]
        inputs, outputs = self._functions.types_of(number)
        same = inputs == [value.type for value in operands] and outputs == kinds
        name: str = record["name"] or ""
        if (
            not same
            or record["composite_attributes"] is None
            or _COMPOSITE_NAME.fullmatch(name) is None
        ):
            return None
        attributes: dict[str, ir.Attribute] = {
            "name": ir.StringAttr.get(name),
            "composite_attributes": flexbuffer.decode(bytes(record["composite_attributes"])),
            "decomposition": ir.FlatSymbolRefAttr.get(self._functions.name_of(number)),
            "version": ir.IntegerAttr.get(element_type("i32"), record["version"]),
        }
        op = ir.Operation.create(
            "stablehlo.composite", results=kinds, operands=operands, attributes=attributes
        )
        return list(op.results)

    def _while(
        self, options: Options | None, operands: list[ir.Value], kinds: list[ir.Type]
    ) -> Sequence[ir.Value] | None:
        if options is None or len(operands) != len(kinds):
            return None
        numbers = [options[1]["cond_subgraph_index"], options[1]["body_subgraph_index"]]
        if any(len(self._functions.types_of(number)[0]) != len(operands) for number in numbers):
            raise FormatError(
                "a loop's condition or body takes another number of values than the loop"
            )
        op = ir.Operation.create(
            "tfl.while", results=kinds, operands=operands, regions=2,
            attributes={"is_stateless": ir.BoolAttr.get(False)},
        )  # fmt: skip
        for region, number in zip(op.regions, numbers, strict=True):
            inputs = self._functions.types_of(number)[0]
            block = ir.Block.create_at_start(region, inputs, [ir.Location.current] * len(inputs))
            with ir.InsertionPoint(block):
                self._call(number, list(block.arguments))
        return list(op.results)

    def _if(
        self, options: Options | None, operands: list[ir.Value], kinds: list[ir.Type]
    ) -> Sequence[ir.Value] | None:
        if options is None or not operands:
            return None
        numbers = [options[1]["then_subgraph_index"], options[1]["else_subgraph_index"]]
        given = [value.type for value in operands[1:]]
        if any(self._functions.types_of(number)[0] != given for number in numbers):
            return None
        op = ir.Operation.create("tfl.if", results=kinds, operands=operands[:1], regions=2)
        for region, number in zip(op.regions, numbers, strict=True):
            with ir.InsertionPoint(ir.Block.create_at_start(region, [])):
                self._call(number, operands[1:])
        return list(op.results)

    def _call(self, number: int, operands: Sequence[ir.Value]) -> None:
        results = self._functions.types_of(number)[1]
        call = func.CallOp(results, self._functions.name_of(number), list(operands))
        ir.Operation.create("tfl.yield", operands=list(call.results))

    def _raw(
        self,
        name: str,
        version: int,
        operator: Record,
        options: Options | None,
        operands: list[ir.Value],
        kinds: list[ir.Type],
    ) -> Sequence[ir.Value]:
        table, fields = raw_fields(options, self._functions.name_of)
        return tfl.emit_many(
            "raw",
            operands,
            kinds,
            builtin=name,
            version=version,
            options=table,
            fields=fields,
            intermediates=self._tensors.types(operator["intermediates"]),
            mutated=[
                i for i, is_mutated in enumerate(operator["mutating_variable_inputs"]) if is_mutated
            ],
        )


def _builtin_name(code: Record) -> str:
    number = max(code["deprecated_builtin_code"], code["builtin_code"])
    if not 0 <= number < len(BUILTIN_NAMES):
        raise FormatError(
            f"builtin operator {number} is not known; the file is newer than this reader"
        )
    return BUILTIN_NAMES[number]


def _shape_operand(options: Options | None, kinds: Sequence[ir.Type]) -> ir.Value:
    """The second operand of a RESHAPE, which old files keep in its options."""
    shape: Sequence[int] = options[1]["new_shape"] if options is not None else ()
    if not shape and len(kinds) == 1:
        shape = [max(size, -1) for size in shape_of(kinds[0])]
    return tfl.constant(np.array(shape, np.int32))


def _set_type(function: func.FuncOp, results: Sequence[ir.Value]) -> None:
    kind = ir.FunctionType.get(
        [a.type for a in function.arguments], [value.type for value in results]
    )
    function.attributes["function_type"] = ir.TypeAttr.get(kind)
