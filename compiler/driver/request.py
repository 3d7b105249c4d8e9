"""What the caller asked for: a signature's name with a module and samples, or with an exported program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..diagnostics import UserError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class ModuleRequest:
    """A signature to be captured from a module.

    Attributes:
        name: the signature's name in the file.
        module: in evaluation mode; parameters may be on the meta device.
        args: positional sample arguments of `forward`.
        kwargs: its keyword arguments.
        dynamic_shapes: which dimensions the caller chooses, as `torch.export.export` takes it; None for none.
    """

    name: str
    module: torch.nn.Module
    args: Sequence[Any]
    kwargs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    dynamic_shapes: Any = None


@dataclass(frozen=True, slots=True)
class ExportedRequest:
    """A signature that the caller has exported already.

    Attributes:
        name: the signature's name in the file.
        program: what `torch.export.export` returned.
    """

    name: str
    program: torch.export.ExportedProgram


Request = ModuleRequest | ExportedRequest


def check_fixed_sizes(requests: Sequence[Request], what: str) -> None:
    """Checks that no signature leaves sizes to its callers, for what compares stages value by value.

    Raises:
        UserError: one does; `what` says who cannot have it.
    """
    for request in requests:
        opened: Any = request
        is_exported = isinstance(request, ExportedRequest)
        if opened.program.range_constraints if is_exported else opened.dynamic_shapes:
            raise UserError(
                f"signature {request.name!r} has dynamic sizes; {what} runs every stage at fixed ones: leave "
                "dynamic_shapes out, to look at the sample's"
            )
