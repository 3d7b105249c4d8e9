"""A model's own code in eager PyTorch, and where in it an error comes from."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Generator
from types import FrameType
from typing import Any

import torch
from torch import nn

import litewright

from .descriptions import reason
from .rows import ReadByRows

_OURS = __name__.partition(".")[0]


@contextlib.contextmanager
def eager_attention(model: nn.Module) -> Generator[None]:
    """While it is entered, the model computes attention by its own code."""
    called: Any = model
    before: str = called.config._attn_implementation
    called.set_attn_implementation("eager")
    try:
        yield
    finally:
        called.set_attn_implementation(before)


def run_eagerly(model: nn.Module, *args: Any, **kwargs: Any) -> Any:
    """What a model returns, without gradients: the reference that a converted model is compared with.

    Raises:
        UserError: the model's own code fails; with its module and line.
    """
    try:
        with torch.no_grad():
            return model(*args, **kwargs)
    except Exception as error:  # a model's code raises whatever it likes
        if _is_of_hooks(error, model):
            raise
        raise litewright.UserError(
            "what the converted model is compared with cannot be computed: the model's own code fails in PyTorch, at "
            f"{place_of(error, model)}: {type(error).__name__}: {reason(error)}\n"
            "Mend the model or its config.json, or do without the comparison: --no-proof, in Python proof=False"
        ) from error


def place_of(error: Exception, model: nn.Module) -> str:
    """The innermost module of a model, and the innermost line outside of torch and litewright, that raised an error.

    Args:
        error: with its traceback.
        model: whose code ran.

    Returns:
        As `model.layers.0.self_attn (LlamaAttention, /.../modeling_llama.py:180)`.
    """
    paths = _paths_of(model)
    path, kind, line = "", type(model).__name__, ""
    for frame, number in traceback.walk_tb(error.__traceback__):
        this: object = frame.f_locals.get("self")
        if id(this) in paths:
            path, kind = paths[id(this)], type(this).__name__
        file = frame.f_code.co_filename
        if _package(frame) not in {"torch", _OURS} and not file.startswith("<"):
            line = f", {file}:{number}"
    return f"{path or '(the top module)'} ({kind}{line})"


def _is_of_hooks(error: Exception, model: nn.Module) -> bool:
    """Whether no module of the model raised it, but what litewright does beside them: reading, telling progress."""
    paths = _paths_of(model)
    is_ours = False
    # The outermost frame is the call itself.
    _, *frames = traceback.walk_tb(error.__traceback__)
    for frame, _ in frames:
        if frame.f_code is ReadByRows.__torch_function__.__code__:
            continue  # every function of torch passes it
        if _package(frame) == _OURS:
            is_ours = True
        elif id(frame.f_locals.get("self")) in paths:
            is_ours = False
    return is_ours or isinstance(error, litewright.LitewrightError)


def _paths_of(model: nn.Module) -> dict[int, str]:
    opened: Any = model
    modules: list[tuple[str, nn.Module]] = list(opened.named_modules())
    return {id(module): path for path, module in modules}


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
