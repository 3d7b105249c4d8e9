"""The errors litewright raises, and how they point at the user's model.

LitewrightError
  UserError          your model, arguments, options or files: the message says what to do
    UnsupportedError   ops or element types without a lowering, all of them at once
    ExportError        torch.export refused the model
    FormatError        a file that is no (sound) .tflite or checkpoint
    WriteError         the output cannot be written
  VerifyError        a representation broke its own rules after a pass or lowering
  InternalError      a defect of litewright
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class LitewrightError(Exception):
    """Base of every error that litewright raises on purpose."""


class UserError(LitewrightError):
    """Something the caller gave cannot be used; the message says what to change."""


class ExportError(UserError):
    """torch.export could not capture the model."""


class FormatError(UserError):
    """A file is not what it claims to be: truncated, corrupt or of another format."""


class WriteError(UserError):
    """The output could not be written; the file that was there before is untouched."""


class VerifyError(LitewrightError):
    """A representation broke its own rules; names the op and what it broke."""


class PassError(LitewrightError):
    """A pass never ends, changes a signature, or says that it changed nothing when it did.

    Notes on the error name the pass, the rule, the op with the user's line, what ran before, and how to
    replay it.
    """


class InternalError(LitewrightError):
    """A defect of litewright itself."""


@dataclass(frozen=True, slots=True)
class Unsupported:
    """One op that cannot be lowered.

    Attributes:
        op: what is not supported (`aten.nonzero.default`, `f64 input of tfl.conv_2d`).
        where: module path and source line, as `Origin` prints them.
        hint: what the user may do instead; may be empty.
    """

    op: str
    where: str
    hint: str = ""


class UnsupportedError(UserError):
    """Parts of the model that cannot be lowered, all of them.

    Attributes:
        items: every unsupported op with its place in the model.
    """

    def __init__(self, stage: str, items: Sequence[Unsupported]) -> None:
        self.items = tuple(items)
        super().__init__(_describe(stage, self.items))


def _describe(stage: str, items: Sequence[Unsupported]) -> str:
    by_op: dict[str, list[Unsupported]] = {}
    for item in items:
        by_op.setdefault(item.op, []).append(item)
    lines = [f"{len(by_op)} unsupported op{'s' if len(by_op) > 1 else ''} in {stage}:"]
    for op, found in by_op.items():
        times = f", {len(found)} times" if len(found) > 1 else ""
        lines.append(f"  {op}{times}")
        lines.extend(f"    at {item.where}" for item in found[:3])
        hint = next((item.hint for item in found if item.hint), "")
        if hint:
            lines.append(f"    {hint}")
    return "\n".join(lines)
