"""Torch functions as FX graphs of the ops that have a lowering, as capture makes them of whole models."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree as pytree

from .fx_expand import expand_calls, has_mutation, replace_in_place_ops
from .torch_ops import Op

TensorFunction = Callable[..., Any]


def trace(
    function: TensorFunction, tensors: Sequence[torch.Tensor], kept: Collection[Op] | None = None
) -> GraphModule:
    """The graph of a function of tensors.

    Args:
        function: returns a tensor or a tuple or list of tensors.
        tensors: its arguments; of those that are fake, all are of one mode. Only shapes and dtypes matter.
        kept: ops that stay whole; all of them where left out.

    Returns:
        A graph with a placeholder per tensor, whose output is a flat tuple. Every node has its fake value
        in `meta["val"]`. It is functional: where the function changes tensors in place, torch rewrites
        it, and composites inside are taken apart.
    """

    def flat(*given: torch.Tensor) -> tuple[Any, ...]:
        return tuple(pytree.tree_leaves(function(*given)))

    modes = (each.fake_mode for each in tensors if isinstance(each, FakeTensor))
    mode = next(modes, None) or FakeTensorMode()
    # Objects of their own: a tensor that is given twice would be taken for one argument.
    fakes = [_fake(each, mode) for each in tensors]
    with mode:
        graph_module = make_fx(flat, pre_dispatch=True)(*fakes)
        replace_in_place_ops(graph_module)
        if has_mutation(graph_module):
            graph_module = make_fx(torch.func.functionalize(flat))(*fakes)
    if kept is not None:
        expand_calls(graph_module, kept)
    return graph_module


def _fake(tensor: torch.Tensor, mode: FakeTensorMode) -> torch.Tensor:
    with mode:
        return torch.empty_strided(
            tensor.shape, tensor.stride(), dtype=tensor.dtype, device=tensor.device
        )
