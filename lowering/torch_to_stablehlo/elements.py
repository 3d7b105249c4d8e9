"""Element types between torch and MLIR, and torch's promotion of mixed operands."""

from __future__ import annotations

import torch

from litewright.compiler.diagnostics import InternalError
from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import element_type, is_complex

Number = int | float | bool
Operand = ir.Value | Number | complex

_NAMES: dict[torch.dtype, str] = {
    torch.float64: "f64",
    torch.float32: "f32",
    torch.float16: "f16",
    torch.bfloat16: "bf16",
    torch.int64: "i64",
    torch.int32: "i32",
    torch.int16: "i16",
    torch.int8: "i8",
    torch.uint8: "ui8",
    torch.uint16: "ui16",
    torch.uint32: "ui32",
    torch.uint64: "ui64",
    torch.bool: "i1",
    torch.float8_e4m3fn: "f8E4M3FN",
    torch.float8_e5m2: "f8E5M2",
    torch.complex64: "complex<f32>",
    torch.complex128: "complex<f64>",
}
_DTYPES = {name: dtype for dtype, name in _NAMES.items()}


def has_element(dtype: torch.dtype) -> bool:
    """Whether MLIR has an element type for a torch dtype."""
    return dtype in _NAMES


def element_of_dtype(dtype: torch.dtype) -> ir.Type:
    """The MLIR element type of a torch dtype.

    Raises:
        InternalError: there is none; capture lets no such tensor through.
    """
    if dtype not in _NAMES:
        raise InternalError(f"no element type for {dtype}")
    return element_type(_NAMES[dtype])


def dtype_of_element(element: ir.Type) -> torch.dtype:
    """The torch dtype of an MLIR element type."""
    return _DTYPES[str(element)]


def is_float(element: ir.Type) -> bool:
    """Whether an element type is a floating-point one."""
    return str(element).startswith(("f", "bf"))


def is_bool(element: ir.Type) -> bool:
    """Whether an element type is i1."""
    return str(element) == "i1"


def convert(x: ir.Value, element: ir.Type) -> ir.Value:
    """x as another element type, as torch converts: to bool is a comparison with zero.

    A real number gains an imaginary part of zero, and a complex one loses its own.
    """
    own = hlo.element_of(x)
    if own == element:
        return x
    if is_bool(element):
        return hlo.compare("NE", x, hlo.splat_like(0, x))
    if isinstance(element, ir.ComplexType):
        part = element.element_type
        if is_complex(x):
            parts = hlo.real_part(x), hlo.imaginary_part(x)
            return hlo.complex_of(*(hlo.convert(each, part) for each in parts))
        real = hlo.convert(x, part)
        return hlo.complex_of(real, hlo.splat_like(0, real))
    return hlo.convert(hlo.real_part(x) if is_complex(x) else x, element)


def as_tensor(operand: Operand, shape: tuple[int, ...], element: ir.Type) -> ir.Value:
    """A tensor of that shape and element type from a tensor that broadcasts to it, or a number."""
    if isinstance(operand, ir.Value):
        return hlo.broadcast(convert(operand, element), shape)
    return hlo.splat(operand, shape, element)
