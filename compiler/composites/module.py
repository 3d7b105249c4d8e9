"""Composites that are modules: every call of a class is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from ..diagnostics import UserError
from .naming import checked_name


@dataclass(frozen=True, slots=True)
class CompositeModule:
    """Marks the calls of a module class in models that are not to be touched.

        CompositeModule(acme.Block, "acme.block", attributes=lambda module: {"eps": module.eps})

    What runs inside of a call, the module's own submodules included, is one `stablehlo.composite`. Its
    operands are the values that the call reads: first those that others have computed, then the
    module's parameters and buffers, each kind in the order in which they are first read. Its results are the
    values that are read outside, in the order in which they are computed.

    A call inside of a call that is marked too is a composite in a composite. A call whose operands depend
    on its own results is left as it is; `explain` tells which.

    Attributes:
        module_class: the class; classes derived from it are meant too.
        name: of the composite: `acme.block`.
        attributes: gets a module, returns the attributes of its calls: numbers, strings, bools, lists.
    """

    module_class: type[torch.nn.Module]
    name: str
    attributes: Callable[[Any], Mapping[str, Any]] | None = None

    def __post_init__(self) -> None:
        """Checks the class and the name.

        Raises:
            UserError: the class is no module class, or the name is none.
        """
        given: Any = self.module_class
        if not isinstance(given, type) or not issubclass(given, torch.nn.Module):
            raise UserError(f"composite {self.name}: {given!r} is no subclass of torch.nn.Module")
        object.__setattr__(self, "name", checked_name(self.name))
