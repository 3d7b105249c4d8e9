"""Training mode: what would make a converted model drop activations or change its statistics."""

from __future__ import annotations

import torch
from torch.fx import GraphModule, Node
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd

from ..diagnostics import UserError
from ..ir.fx_origin import origin_of_node

aten = torch.ops.aten

_CURE = "call .eval() on the model first"


def check_modules(module: torch.nn.Module) -> None:
    """Raises UserError if a dropout or a normalisation with running statistics is in training mode."""
    found = [name or "the module itself" for name, each in module.named_modules() if _trains(each)]
    if found:
        listed = ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
        raise UserError(f"{listed}: in training mode; {_CURE}")


def check_graph_mode(graph_module: GraphModule) -> None:
    """Raises UserError if the code of the model asks for training by itself."""
    for node in graph_module.graph.nodes:
        if node.op == "call_function" and _is_training(node):
            raise UserError(f"{origin_of_node(node)}: runs in training mode; {_CURE}")


def _trains(module: torch.nn.Module) -> bool:
    if not module.training:
        return False
    if isinstance(module, _DropoutNd):
        return module.p > 0
    return isinstance(module, _NormBase) and module.track_running_stats


def _is_training(node: Node) -> bool:
    match node.target:
        case aten.dropout.default | aten.feature_dropout.default | aten.alpha_dropout.default:
            return bool(node.args[2]) and node.args[1] != 0
        case aten.native_dropout.default:
            return bool(node.args[2])
        case aten.batch_norm.default:
            return bool(node.args[5]) and node.args[3] is not None
        case _:
            return False
