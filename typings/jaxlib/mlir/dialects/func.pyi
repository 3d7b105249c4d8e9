"""Types of `jaxlib.mlir.dialects.func` (jaxlib 0.10)."""

from collections.abc import Callable, Sequence
from typing import overload

from jaxlib.mlir import ir

class FuncOp(ir.OpView):
    sym_name: ir.StringAttr
    function_type: ir.TypeAttr
    sym_visibility: ir.StringAttr | None
    no_inline: bool
    def __init__(
        self,
        name: str,
        type: ir.FunctionType | tuple[Sequence[ir.Type], Sequence[ir.Type]],
        *,
        visibility: str | None = None,
        body_builder: Callable[[FuncOp], object] | None = None,
        loc: ir.Location | None = None,
        ip: ir.InsertionPoint | None = None,
    ) -> None: ...
    # The symbol, not the operation's name: that is `operation.name`.
    @property
    def name(self) -> ir.StringAttr: ...  # pyright: ignore[reportIncompatibleMethodOverride]
    @property
    def type(self) -> ir.FunctionType: ...
    # Raises KeyError if the function is public by default: see `sym_visibility`.
    @property
    def visibility(self) -> ir.StringAttr: ...
    @property
    def is_external(self) -> bool: ...
    @property
    def body(self) -> ir.Region: ...
    @property
    def entry_block(self) -> ir.Block: ...
    @property
    def arguments(self) -> ir.BlockArgumentList: ...
    @property
    def arg_attrs(self) -> ir.ArrayAttr: ...
    @arg_attrs.setter
    def arg_attrs(self, attribute: ir.ArrayAttr | list[ir.Attribute]) -> None: ...
    # Raises KeyError if no result has attributes; `arg_attrs` does not.
    @property
    def result_attrs(self) -> ir.ArrayAttr: ...
    @result_attrs.setter
    def result_attrs(self, attribute: ir.ArrayAttr) -> None: ...
    def add_entry_block(self, arg_locs: Sequence[ir.Location] | None = None) -> ir.Block: ...

class CallOp(ir.OpView):
    callee: ir.FlatSymbolRefAttr
    no_inline: bool
    @overload
    def __init__(
        self,
        calleeOrResults: FuncOp,
        argumentsOrCallee: list[ir.Value],
        arguments: None = None,
        *,
        loc: ir.Location | None = None,
        ip: ir.InsertionPoint | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        calleeOrResults: Sequence[ir.Type],
        argumentsOrCallee: ir.FlatSymbolRefAttr | str,
        arguments: Sequence[ir.Value],
        *,
        loc: ir.Location | None = None,
        ip: ir.InsertionPoint | None = None,
    ) -> None: ...
    @property
    def operands_(self) -> ir.OpOperandList: ...

class ReturnOp(ir.OpView):
    def __init__(
        self,
        operands_: Sequence[ir.Value],
        *,
        loc: ir.Location | None = None,
        ip: ir.InsertionPoint | None = None,
    ) -> None: ...
    @property
    def operands_(self) -> ir.OpOperandList: ...
