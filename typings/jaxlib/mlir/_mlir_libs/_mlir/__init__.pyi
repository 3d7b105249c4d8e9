"""Types of `jaxlib.mlir._mlir_libs._mlir` (jaxlib 0.10): registration of Python classes."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from jaxlib.mlir import ir

_Dialect = TypeVar("_Dialect", bound=ir.Dialect)
_Op = TypeVar("_Op", bound=ir.OpView)

class _Globals:
    @property
    def dialect_search_modules(self) -> list[str]: ...
    @dialect_search_modules.setter
    def dialect_search_modules(self, prefixes: Sequence[str], /) -> None: ...
    def append_dialect_search_prefix(self, module_name: str) -> None: ...
    def loc_tracebacks_enabled(self) -> bool: ...
    def set_loc_tracebacks_enabled(self, enabled: bool, /) -> None: ...
    # For classes registered without a decorator, or more than once.
    def _register_dialect_impl(
        self, dialect_namespace: str, dialect_class: type[ir.Dialect], *, replace: bool = False
    ) -> None: ...
    def _register_operation_impl(
        self, operation_name: str, operation_class: type[ir.OpView], *, replace: bool = False
    ) -> None: ...

globals: _Globals

def register_dialect(dialect_class: type[_Dialect]) -> type[_Dialect]: ...
def register_operation(
    dialect_class: type[ir.Dialect], *, replace: bool = False
) -> Callable[[type[_Op]], type[_Op]]: ...
def register_value_caster(
    typeid: ir.TypeID, *, replace: bool = False
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]: ...
