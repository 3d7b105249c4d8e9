"""What torch.export raised, told as one message with the module and line of the user's code."""

from __future__ import annotations

import re
from types import FrameType, TracebackType

import torch
from torch._dynamo.exc import UserErrorType
from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException
from torch.fx.experimental.symbolic_shapes import (
    ConstraintViolationError,
    GuardOnDataDependentSymNode,
)

from ..diagnostics import ExportError, UserError
from ..ir.fx_origin import is_user_code
from ..ir.origin import Origin
from .modes import named_modules

DATA_DEPENDENT = (
    "the shape of a tensor, or which code runs, depends on the values of another tensor. Shapes "
    "follow from those of inputs: replace such code by masking, torch.where, or fixed sizes"
)

_SIZE = re.compile(r"L\['([^']+)'\]((?:\[[^\]]*\])*)\.size\(\)\[(\d+)\]")
_IN_TORCH_TERMS = re.compile(
    r" For more information, run with TORCH_LOGS=\S+| If you're using mark_dynamic, .*"
)


def explain(error: Exception, module: torch.nn.Module, signature: str) -> UserError:
    """The error to raise from `error`, which torch.export raised while it captured `module`."""
    where = _origin(error.__traceback__, module)
    if isinstance(error, UserError):
        return error
    if (told := _about_sizes(error)) is not None:
        return UserError(f"signature {signature!r}: {told}")
    reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    if _is_data_dependent(error):
        return UserError(
            f"signature {signature!r}: at {where}: {DATA_DEPENDENT} ({reason.strip()})"
        )
    return ExportError(
        f"signature {signature!r}: torch.export cannot capture the model, at {where}: "
        f"{type(error).__name__}: {reason.strip()}"
    )


def _about_sizes(error: Exception) -> str | None:
    """What torch has against `dynamic_shapes`, in the terms of the caller; None if it complains of other things."""
    text = str(error).partition("\n\nThe error above occurred")[0]
    kind = getattr(error, "error_type", None)
    if isinstance(error, ConstraintViolationError) or kind is UserErrorType.CONSTRAINT_VIOLATION:
        lines = [_IN_TORCH_TERMS.sub("", line.strip()) for line in text.splitlines()]
        told = [_SIZE.sub(r"\1\2.shape[\3]", line) for line in lines if line]
        if "specialized it to be a constant (1)" in text:
            told.append("torch takes sizes of 1 for fixed ones: give samples of 2 or more")
        head = "the model is not the same for all sizes that dynamic_shapes allows"
        return "\n  ".join([f"{head}:", *told])
    if kind is UserErrorType.INVALID_INPUT and "dynamic_shapes" in text:
        return text.partition("For more information")[0].strip()
    return None


def _is_data_dependent(error: BaseException) -> bool:
    kinds = (
        GuardOnDataDependentSymNode,
        DataDependentOutputException,
        DynamicOutputShapeException,
    )
    return isinstance(error, kinds)


def _origin(traceback: TracebackType | None, module: torch.nn.Module) -> Origin:
    """The innermost module and the innermost line of the user's code that a traceback passes."""
    paths = {id(each): path for path, each in named_modules(module)}
    path, file, line = "", "", 0
    while traceback is not None:
        frame = traceback.tb_frame
        this: object = frame.f_locals.get("self")
        path = paths.get(id(this), path)
        if _is_model_code(frame):
            file, line = frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
    return Origin(path, "", file, line)


def _is_model_code(frame: FrameType) -> bool:
    package = str(frame.f_globals.get("__name__", ""))
    return is_user_code(frame.f_code.co_filename) and not package.startswith(__package__ or "?")
