"""The origin of an FX node: module path, op and line of the user's code, from the node's metadata."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import torch
from torch.fx import Node

from .fx_composite import composite_of
from .origin import Origin
from .torch_ops import label, op_of

_TORCH = str(Path(torch.__file__).parent)
# torch.export keeps stack traces as text only.
_FRAME = re.compile(r'^\s*File "([^"]+)", line (\d+)', re.MULTILINE)
_REPEATED = re.compile(r"@\d+$")


def origin_of_node(node: Node) -> Origin:
    """Where a node comes from.

    The module is the innermost one being called; the line is the innermost one outside of torch.
    """
    file, line = _user_line(node.meta.get("stack_trace") or "")
    return Origin(module_path(node), op_label(node), file, line)


def module_path(node: Node) -> str:
    """Dotted path of the innermost module that was running; empty for the top one."""
    stack = node.meta.get("nn_module_stack")
    if not stack:
        return ""
    path, _ = next(reversed(stack.values()))
    return _REPEATED.sub("", path)  # the second call of a module is numbered


def op_label(node: Node) -> str:
    """Short name of what a node calls: `linear`, `add`."""
    op, call = op_of(node), composite_of(node)
    if call is not None:
        return call.label
    return node.name if op is None else label(op)


def is_user_code(file: str) -> bool:
    """Whether a source file lies outside of torch and is a file at all."""
    return not file.startswith((_TORCH, "<"))


@functools.lru_cache(maxsize=4096)
def _user_line(stack_trace: str) -> tuple[str, int]:
    frames = _FRAME.findall(stack_trace)
    return next(((f, int(n)) for f, n in reversed(frames) if is_user_code(f)), ("", 0))
