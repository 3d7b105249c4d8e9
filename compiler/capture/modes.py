"""Training mode: what would make a converted model drop activations or change its statistics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.fx import GraphModule, Node

from ..diagnostics import UserError
from ..ir.fx_origin import origin_of_node
from ..ir.torch_ops import op_of

aten = torch.ops.aten

_DROPOUTS = (
    nn.Dropout,
    nn.Dropout1d,
    nn.Dropout2d,
    nn.Dropout3d,
    nn.AlphaDropout,
    nn.FeatureAlphaDropout,
)
_NORMS = (
    nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm,
    nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d,
)  # fmt: skip
_CURE = "call .eval() on the model first"


def check_modules(module: nn.Module) -> None:
    """Raises UserError if a dropout or a normalisation with running statistics is in training mode."""
    found = [name or "the module itself" for name, each in named_modules(module) if _trains(each)]
    if found:
        listed = ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
        raise UserError(f"{listed}: in training mode; {_CURE}")


def named_modules(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """All modules inside of one, and itself, by dotted path."""
    opened: Any = module
    return opened.named_modules()


def check_graph_mode(graph_module: GraphModule) -> None:
    """Raises UserError if the code of the model asks for training by itself."""
    for node in graph_module.graph.nodes:
        if node.op == "call_function" and _is_training(node):
            raise UserError(f"{origin_of_node(node)}: runs in training mode; {_CURE}")


def _trains(module: nn.Module) -> bool:
    if not module.training:
        return False
    if isinstance(module, _DROPOUTS):
        return module.p > 0
    return isinstance(module, _NORMS) and module.track_running_stats


def _is_training(node: Node) -> bool:
    arguments: tuple[Any, ...] = node.args
    match op_of(node):
        case aten.dropout.default | aten.feature_dropout.default | aten.alpha_dropout.default:
            return bool(arguments[2]) and bool(arguments[1])
        case aten.native_dropout.default:
            return bool(arguments[2])
        case aten.batch_norm.default:
            return bool(arguments[5]) and arguments[3] is not None
        case _:
            return False
