"""Capture of one signature."""

from __future__ import annotations

import contextlib
import gc
import logging
import warnings
from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.export import ExportedProgram
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from torch.utils import _pytree as pytree

from ..diagnostics import UserError
from ..ir.fx import FxProgram
from ..ir.torch_ops import Op
from ..weights.affine import Affine
from .assemble import assemble
from .decompose import decompose
from .failures import explain
from .modes import check_graph_mode, check_modules
from .quantized import resolve_quantization
from .regions import inline_regions
from .samples import check_named, checked_samples
from .sizes import Probes, probes_of
from .specialise import specialise
from .stand_ins import check_buffers, fake_sample, stand_ins, wants_stand_ins, without_fakes

_FAKE_TENSOR_LOG = logging.getLogger("torch._subclasses.fake_tensor")


@dataclass(frozen=True, slots=True)
class Captured:
    """A signature as it was captured.

    Attributes:
        programs: one, or one for each of the probes.
        probes: the sizes of these; None where all sizes are fixed.
    """

    programs: tuple[FxProgram, ...]
    probes: Probes | None = None


def capture(
    signature_name: str,
    module: torch.nn.Module,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    *,
    kept: Collection[Op] = frozenset(),
) -> FxProgram:
    """Captures one signature of a module.

    Args:
        signature_name: the signature's name.
        module: in evaluation mode. Parameters may be on the meta device, buffers may not.
        args: positional sample arguments; only shapes and dtypes of tensors matter.
        kwargs: keyword sample arguments.
        kept: ops that stay whole; every other op is decomposed.

    Raises:
        UserError: a module in training mode, samples that `forward` does not take, shapes that depend
            on data, state that does not begin with zeros, a dtype that cannot be converted.
        ExportError: torch.export refused for any other reason.
    """
    (program,) = capture_module(signature_name, module, args, kwargs, kept=kept).programs
    return program


def capture_module(
    signature_name: str,
    module: torch.nn.Module,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    *,
    dynamic_shapes: Any = None,
    kept: Collection[Op] = frozenset(),
) -> Captured:
    """Captures one signature of a module, at several sizes where the caller chooses some.

    Args:
        signature_name: the signature's name.
        module: in evaluation mode. Parameters may be on the meta device, buffers may not.
        args: positional sample arguments; only shapes and dtypes of tensors matter.
        kwargs: keyword sample arguments.
        dynamic_shapes: as `torch.export.export` takes it.
        kept: ops that stay whole; every other op is decomposed.

    Raises:
        UserError: as `capture`; or the model is not right for all sizes that `dynamic_shapes` allows.
        ExportError: torch.export refused for any other reason.
    """
    check_modules(module)
    check_buffers(module)
    taken, named = checked_samples(module, args, kwargs)
    if dynamic_shapes is not None:
        check_named(module, named)
    with _tracing():
        try:
            exported = _export(module, taken, named, dynamic_shapes)
            check_graph_mode(exported.graph_module)
            probes, parts = _at_probes(signature_name, exported)
            made = [_resolved(part, _tensors_of(module, part), kept) for part in parts]
        except Exception as error:  # torch.export raises whatever the model's code raises
            raised = explain(error, module, signature_name)
            if raised is error:
                raise
            raise raised from error
    programs = [
        assemble(name, decomposed, _tensors_of(module, decomposed), module, affines=affines)
        for name, (decomposed, affines) in zip(_names(signature_name, probes), made, strict=True)
    ]
    return Captured(tuple(programs), probes)


def capture_exported(
    signature_name: str, program: ExportedProgram, *, kept: Collection[Op] = frozenset()
) -> Captured:
    """A signature of a program that was exported already; it is not changed.

    Raises:
        UserError: as `capture` does.
        ExportError: torch cannot decompose the program.
    """
    with _tracing():
        check_graph_mode(program.graph_module)
        try:
            probes, parts = _at_probes(signature_name, _copy(program))
            made = [_resolved(p, {**_constants(p), **p.state_dict}, kept) for p in parts]
        except Exception as error:  # decomposing runs torch code on fake tensors
            raised = explain(error, torch.nn.Module(), signature_name)
            if raised is error:
                raise
            raise raised from error
    programs: list[FxProgram] = []
    for name, (decomposed, affines) in zip(_names(signature_name, probes), made, strict=True):
        tensors = without_fakes({**_constants(decomposed), **decomposed.state_dict})
        programs.append(assemble(name, decomposed, tensors, affines=affines))
    return Captured(tuple(programs), probes)


def from_exported_program(
    signature_name: str, program: ExportedProgram, *, kept: Collection[Op] = frozenset()
) -> FxProgram:
    """A signature of fixed sizes, of a program that was exported already; it is not changed.

    Raises:
        UserError: as `capture` does; or an input has a dynamic dimension.
        ExportError: torch cannot decompose the program.
    """
    captured = capture_exported(signature_name, program, kept=kept)
    if captured.probes is not None:
        raise UserError(
            f"signature {signature_name!r}: {captured.probes.roots[0]} is a dynamic dimension"
        )
    return captured.programs[0]


def _at_probes(
    name: str, program: ExportedProgram
) -> tuple[Probes | None, tuple[ExportedProgram, ...]]:
    """A program at the sizes that are to be tried; itself where there are none to choose."""
    probes = probes_of(name, program)
    if probes is None:
        return None, (program,)
    inline_regions(program.graph_module)
    return probes, tuple(specialise(program, probes, sizes) for sizes in probes.all)


def _names(name: str, probes: Probes | None) -> tuple[str, ...]:
    return (name,) if probes is None else probes.names


def _resolved(
    program: ExportedProgram, tensors: Mapping[str, torch.Tensor], kept: Collection[Op]
) -> tuple[ExportedProgram, dict[str, Affine]]:
    """A program of the ops that have a lowering, and what it reads as floats that is integers."""
    resolved, affines = resolve_quantization(program, tensors)
    return decompose(resolved, kept), affines


def _export(
    module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any
) -> ExportedProgram:
    if not wants_stand_ins(module):
        return torch.export.export(
            module, args, kwargs, dynamic_shapes=dynamic_shapes, strict=False
        )
    # Of fakes that have a mode already, torch.export wants to know where their sizes came from.
    shapes = ShapeEnv(tracked_fakes=[]) if dynamic_shapes is not None else None
    mode = FakeTensorMode(allow_non_fake_inputs=True, shape_env=shapes)
    fake_args, fake_kwargs = pytree.tree_map_only(
        torch.Tensor, lambda tensor: fake_sample(tensor, mode), (args, kwargs)
    )
    with stand_ins(module, mode):
        return torch.export.export(
            module, fake_args, fake_kwargs, dynamic_shapes=dynamic_shapes, strict=False
        )


def _tensors_of(module: torch.nn.Module, program: ExportedProgram) -> dict[str, torch.Tensor]:
    """The tensors that a program refers to by name: the module's own, and constants of the graph."""
    return {
        # Tensors that are made of others have parts there, should the graph read these.
        **program.state_dict,
        **_constants(program),
        **dict(module.named_buffers(remove_duplicate=False)),
        **dict(module.named_parameters(remove_duplicate=False)),
    }


def _constants(program: ExportedProgram) -> dict[str, torch.Tensor]:
    """Tensors that the code of `forward` makes, and buffers that no checkpoint holds."""
    return {n: c for n, c in program.constants.items() if isinstance(c, torch.Tensor)}


def _copy(program: ExportedProgram) -> ExportedProgram:
    """The program with a graph of its own, over the same tensors."""
    graph = torch.fx.Graph()
    copies: dict[torch.fx.Node, torch.fx.Node] = {}
    returned: Any = graph.graph_copy(program.graph, copies)
    graph.output(returned)
    for node, copy in copies.items():
        # A graph avoids names of Python's own, such as `input`; the signature holds to the names there were.
        copy.name = node.name
    graph_module = torch.fx.GraphModule(program.graph_module, graph)
    opened: Any = program
    return opened._update(graph_module, program.graph_signature)


@contextlib.contextmanager
def _tracing() -> Generator[None]:
    """Keeps torch's talk about itself from the user, and the garbage collector out of the way.

    An op that fails on fake tensors is logged with two tracebacks before it raises the same.
    Tracing makes objects by the million and hardly any garbage: collections took a quarter of the
    time of an export (torch 2.13).
    """
    collecting, silenced = gc.isenabled(), _FAKE_TENSOR_LOG.disabled
    gc.disable()
    _FAKE_TENSOR_LOG.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=FutureWarning, module="copyreg")
            # Recurrent modules set their own list of parameters anew.
            warnings.filterwarnings("ignore", message="The tensor attributes? .*_flat_weights")
            yield
    finally:
        _FAKE_TENSOR_LOG.disabled = silenced
        if collecting:
            gc.enable()
