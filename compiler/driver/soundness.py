"""What a target would compute wrong is refused, since no result of such a file could be trusted."""

from __future__ import annotations

from ..diagnostics import Unsupported, UnsupportedError
from ..inspect.survey import builtin_name
from ..ir.origin import origin_of
from ..ir.program import Program, body_of
from ..targets import Miscomputed, Target

_HINT = "the delegate takes it and is wrong; write it another way, or convert for the CPU"


def refuse_miscomputed(program: Program, target: Target) -> None:
    """Refuses ops that the target takes and computes wrong.

    Raises:
        UnsupportedError: there are some; all of them are listed.
    """
    if not target.fits:
        return
    found = [
        Unsupported(f"{builtin_name(op)}: {reason}", str(origin_of(op.location)), _HINT)
        for function in program.signatures()
        for op in body_of(function).operations
        if isinstance(reason := target.why_not_delegated(op), Miscomputed)
    ]
    if found:
        raise UnsupportedError(f"target {target.name}", found)
