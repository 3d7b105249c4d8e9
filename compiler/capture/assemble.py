"""From a decomposed ExportedProgram to an `FxProgram`: names, tensors, a flat tuple of results."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import (
    ConstantArgument,
    InputKind,
    InputSpec,
    OutputKind,
    TensorArgument,
)
from torch.fx import GraphModule, Node

from ..diagnostics import UserError
from ..ir.fx import FxProgram, Held, Holding, Input
from ..ir.fx_origin import origin_of_node
from ..ir.torch_ops import items_of, value_of
from ..weights.affine import Affine, affine_of
from .failures import DATA_DEPENDENT
from .names import input_names, output_names
from .samples import AS_PAIRS, CONFIGURATION, check_real, check_tensor
from .state import check_state, state_names


def assemble(
    name: str,
    program: ExportedProgram,
    tensors: Mapping[str, torch.Tensor],
    module: torch.nn.Module | None = None,
    *,
    affines: Mapping[str, Affine] | None = None,
) -> FxProgram:
    """The FX program of a signature.

    Args:
        name: the signature's name.
        program: functional and decomposed; its graph becomes the FX program's.
        tensors: what its parameters, buffers and constants are, by fully-qualified name.
        module: what it was captured from; it may name its state.
        affines: what the graph reads as floats, and is integers.

    Raises:
        UserError: shapes that depend on data, state that does not begin with zeros, results that are no
            tensors, a dtype that cannot be converted.
    """
    _check_shapes(name, program.graph_module)
    state = _state(program, module)
    for buffer in state:
        remedy = "keep torch.view_as_real of it, [..., 2]"
        check_real(
            tensors[buffer], f"signature {name!r}: buffer {buffer!r}, which is state,", remedy
        )
    check_state(name, {buffer: tensors[buffer] for buffer in state})
    outputs = _flatten_outputs(name, program, state)
    inputs = _inputs(program, state)
    _erase_configuration(program)
    held = _held(program, {**tensors, **_floats(program, affines or {})}, state, affines or {})
    changed = {state[buffer]: tensors[buffer] for buffer in state}
    return FxProgram(name, program.graph_module, inputs, outputs, held, module, changed)


def _state(program: ExportedProgram, module: torch.nn.Module | None) -> dict[str, str]:
    """The names of buffers that the graph changes, as state, by fully-qualified name."""
    specs = program.graph_signature.output_specs
    given = state_names(module)
    changed = [str(s.target) for s in specs if s.kind == OutputKind.BUFFER_MUTATION]
    return {buffer: given.get(buffer, buffer) for buffer in changed}


def _inputs(program: ExportedProgram, state: Mapping[str, str]) -> tuple[Input, ...]:
    specs = [s for s in program.graph_signature.input_specs if s.kind == InputKind.USER_INPUT]
    fakes = {node.name: value_of(node) for node in program.graph.find_nodes(op="placeholder")}
    inputs: list[Input] = []
    for name, spec in zip(input_names(program), specs, strict=True):
        match spec.arg:
            case TensorArgument(name=placeholder):
                check_real(fakes[placeholder], f"input {name!r}", AS_PAIRS)
                inputs.append(Input(name, placeholder))
            case ConstantArgument(value=value) if isinstance(value, CONFIGURATION):
                continue
            case _:
                raise UserError(f"input {name!r} is no tensor; inputs of a signature are tensors")
    placeholders = program.graph_signature.inputs_to_buffers
    inputs += [Input(state[b], p) for p, b in placeholders.items() if b in state]
    return tuple(inputs)


def _erase_configuration(program: ExportedProgram) -> None:
    """Removes the placeholders of arguments whose values the graph has recorded."""
    constants = {
        spec.arg.name
        for spec in program.graph_signature.input_specs
        if isinstance(spec.arg, ConstantArgument)
    }
    for node in program.graph.find_nodes(op="placeholder"):
        if node.name in constants:
            program.graph.erase_node(node)


def _held(
    program: ExportedProgram,
    tensors: Mapping[str, torch.Tensor],
    state: Mapping[str, str],
    affines: Mapping[str, Affine],
) -> dict[str, Held]:
    names_of: dict[int, list[str]] = {}
    for name, tensor in tensors.items():
        names_of.setdefault(id(tensor), []).append(name)
    made: dict[int, Held] = {}
    held: dict[str, Held] = {}
    for spec in program.graph_signature.input_specs:
        if spec.kind == InputKind.USER_INPUT or spec.target is None or spec.target in state:
            continue
        tensor = tensors[spec.target]
        if id(tensor) not in made:
            check_tensor(tensor, f"{spec.kind.name.lower().replace('_', ' ')} {spec.target!r}")
            aliases = tuple(names_of[id(tensor)])
            affine = affines.get(spec.target) if tensor.is_meta else affine_of(tensor)
            made[id(tensor)] = Held(aliases[0], aliases, _holding(spec), tensor, affine)
        held[str(spec.arg.name)] = made[id(tensor)]
    return held


def _floats(program: ExportedProgram, affines: Mapping[str, Affine]) -> dict[str, torch.Tensor]:
    """What a graph holds as floats that are integers: a vector's values, the shape and dtype of all else."""
    floats: dict[str, torch.Tensor] = {}
    placeholders = {node.name: node for node in program.graph.find_nodes(op="placeholder")}
    for spec in program.graph_signature.input_specs:
        if spec.target is not None and spec.target in affines:
            affine, dtype = affines[spec.target], value_of(placeholders[spec.arg.name]).dtype
            small = len(affine.shape) < 2
            floats[spec.target] = (
                affine.dequantised().to(dtype)
                if small
                else torch.empty(affine.shape, dtype=dtype, device="meta")
            )
    return floats


def _holding(spec: InputSpec) -> Holding:
    if spec.kind == InputKind.PARAMETER:
        return Holding.PARAMETER
    return Holding.BUFFER if spec.kind == InputKind.BUFFER and spec.persistent else Holding.TABLE


def _flatten_outputs(
    name: str, program: ExportedProgram, state: Mapping[str, str]
) -> tuple[str, ...]:
    """Leaves the tensors that `forward` returns in the output node, and behind them state; their names."""
    output = program.graph.output_node()
    values = items_of(output.args[0])
    assert values is not None, "the output of an exported graph is a tuple"
    specs = program.graph_signature.output_specs
    returned = [v for v, s in zip(values, specs, strict=True) if s.kind == OutputKind.USER_OUTPUT]
    names = output_names(program)
    kept = [(n, v) for n, v in zip(names, returned, strict=True) if v is not None]
    for each, value in kept:
        if not isinstance(value, Node) or not isinstance(value_of(value), torch.Tensor):
            raise UserError(f"signature {name!r}: result {each!r} is {value!r}, not a tensor")
        remedy = "return torch.view_as_real of it, [..., 2]"
        check_real(value_of(value), f"signature {name!r}: result {each!r}", remedy)
    values_of_state = {str(s.target): v for v, s in zip(values, specs, strict=True)}
    kept += [(each, values_of_state[buffer]) for buffer, each in state.items()]
    output.args = (tuple(value for _, value in kept),)
    return tuple(each for each, _ in kept)


def _check_shapes(name: str, graph_module: GraphModule) -> None:
    for node in graph_module.graph.nodes:
        value = value_of(node)
        if not any(_is_symbolic(each) for each in items_of(value) or [value]):
            continue
        raise UserError(f"signature {name!r}: at {origin_of_node(node)}: {DATA_DEPENDENT}")


def _is_symbolic(value: object) -> bool:
    if isinstance(value, torch.Tensor):
        return any(isinstance(size, torch.SymInt) for size in value.shape)
    return isinstance(value, torch.SymInt | torch.SymFloat | torch.SymBool)
