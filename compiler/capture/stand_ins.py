"""Fake CPU parameters in place of those that are no plain tensors, for the time of a capture.

Those are parameters on the meta device, and tensors that torchao has quantised: a graph is to read these as
the floats that they stand for, whatever their own kernels would compute.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

from ..diagnostics import UserError


def wants_stand_ins(module: torch.nn.Module) -> bool:
    """Whether any parameter has no storage, or is a subclass of tensors that is made of others."""
    return any(_is_stood_in_for(parameter) for parameter in module.parameters())


def check_buffers(module: torch.nn.Module) -> None:
    """Raises UserError if a buffer has no storage: its values would be lost."""
    lost = [name for name, buffer in module.named_buffers() if buffer.is_meta]
    if lost:
        raise UserError(
            f"buffer{'s' if len(lost) > 1 else ''} {', '.join(lost[:5])}"
            f"{' and others' if len(lost) > 5 else ''} on the meta device: no checkpoint may hold the "
            "values. Build the module with its buffers on the CPU and only parameters on meta"
        )


@contextlib.contextmanager
def stand_ins(module: torch.nn.Module, mode: FakeTensorMode) -> Generator[None]:
    """Inside, fake CPU parameters of `mode` stand where the module has parameters that are no plain tensors.

    Tied parameters stay tied. Nothing is allocated. Parameters are set as attributes, since recurrent
    modules keep a list of them that follows.
    """
    places = [
        (owner, name, parameter)
        for owner in module.modules()
        for name, parameter in owner.named_parameters(recurse=False)
        if _is_stood_in_for(parameter)
    ]
    fakes: dict[int, torch.nn.Parameter] = {}
    for _, _, parameter in places:
        if id(parameter) not in fakes:
            fakes[id(parameter)] = _fake(parameter, mode)
    try:
        for owner, name, parameter in places:
            setattr(owner, name, fakes[id(parameter)])
        yield
    finally:
        for owner, name, parameter in places:
            setattr(owner, name, parameter)


def fake_sample(tensor: torch.Tensor, mode: FakeTensorMode) -> torch.Tensor:
    """A fake CPU tensor of the shape, strides and dtype of `tensor`."""
    with mode:
        return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="cpu")


def without_fakes(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Fake tensors, whose values a checkpoint must have, as tensors on the meta device; what is tied stays tied."""
    metas: dict[int, torch.Tensor] = {}
    for tensor in tensors.values():
        if isinstance(tensor, FakeTensor) and id(tensor) not in metas:
            metas[id(tensor)] = torch.empty(tensor.shape, dtype=tensor.dtype, device="meta")
    return {name: metas.get(id(tensor), tensor) for name, tensor in tensors.items()}


def _is_stood_in_for(parameter: torch.Tensor) -> bool:
    """Whether a graph cannot read a parameter, or shall not.

    Products with a weight that tells the scales of activations are traced as they are, for the sake of these.
    """
    opened: Any = parameter
    tells_of_activations = getattr(opened, "act_quant_scale", None) is not None
    return parameter.is_meta or (
        is_traceable_wrapper_subclass(parameter) and not tells_of_activations
    )


def _fake(parameter: torch.nn.Parameter, mode: FakeTensorMode) -> torch.nn.Parameter:
    return torch.nn.Parameter(fake_sample(parameter, mode), requires_grad=False)
