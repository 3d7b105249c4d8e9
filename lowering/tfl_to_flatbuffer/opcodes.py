"""The ops that a file uses, each with the lowest version that its use needs, and the runtime they need."""

from __future__ import annotations

from litewright.compiler.diagnostics import InternalError
from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.tfl.spec import OpSpec, version_1

from .runtime_versions import first_release
from .schema import BUILTIN_CODES, CUSTOM, Record

# Codes past this one do not fit the schema's first field for them; readers take the larger of the two.
_LAST_OLD_CODE = 127


class OperatorCodes:
    """Collects operator codes in the order in which they are first used.

    Attributes:
        records: the schema's tables.
        releases: the first runtimes that have them.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.releases: set[str] = set()
        self._numbers: dict[tuple[str, int, str], int] = {}

    def of(self, op: ir.OpView, spec: OpSpec) -> int:
        """The number of the operator code of an op.

        Raises:
            InternalError: the op exists in MLIR only.
        """
        if spec.name == "custom":
            return self.builtin(CUSTOM, 1, tfl.attribute(op, "custom_code"))
        if spec.name == "raw":
            return self.builtin(tfl.attribute(op, "builtin"), tfl.attribute(op, "version"))
        if not spec.builtin:
            raise InternalError(f"{spec.full_name} is no op of a file")
        version = 1 if spec.version is version_1 else spec.version(tfl.facts_of(op))
        return self.builtin(spec.builtin, version)

    def builtin(self, name: str, version: int, custom_code: str = "") -> int:
        """The number of the operator code of a builtin operator in some version."""
        key = (name, version, custom_code)
        if key not in self._numbers:
            self._numbers[key] = len(self.records)
            self.records.append(_record(name, version, custom_code))
            release = first_release(name, version)
            if release is not None:
                self.releases.add(release)
        return self._numbers[key]


def _record(name: str, version: int, custom_code: str) -> Record:
    code = BUILTIN_CODES.get(name)
    if code is None:
        raise InternalError(f"the schema has no builtin operator {name}")
    return {
        "deprecated_builtin_code": min(code, _LAST_OLD_CODE),
        "builtin_code": code,
        "version": version,
        "custom_code": custom_code if name == CUSTOM else None,
    }
