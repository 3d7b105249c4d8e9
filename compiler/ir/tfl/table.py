"""The table of tfl ops: the rows of all families in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from litewright.compiler.diagnostics import InternalError

from . import (
    comparison_logic,
    control,
    elementwise,
    indexing,
    neural,
    quantisation,
    reduction,
    shape,
)
from .spec import OpSpec


def _merge(*families: Iterable[OpSpec]) -> Mapping[str, OpSpec]:
    merged: dict[str, OpSpec] = {}
    for row in (row for family in families for row in family):
        if merged.setdefault(row.name, row) is not row:
            raise InternalError(f"two rows of the table of tfl ops are named {row.name}")
    return MappingProxyType(merged)


OPS: Mapping[str, OpSpec] = _merge(
    elementwise.OPS,
    comparison_logic.OPS,
    reduction.OPS,
    shape.OPS,
    indexing.OPS,
    neural.OPS,
    quantisation.OPS,
    control.OPS,
)
"""Every row by its name without the dialect (`fully_connected`)."""

BY_FULL_NAME: Mapping[str, OpSpec] = MappingProxyType({row.full_name: row for row in OPS.values()})
"""Every row by its full name (`tfl.fully_connected`)."""

BY_BUILTIN: Mapping[str, OpSpec] = MappingProxyType(
    {row.builtin: row for row in OPS.values() if row.builtin}
)
"""The rows that have a builtin operator, by its name in the schema (`FULLY_CONNECTED`)."""
