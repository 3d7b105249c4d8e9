"""Types of the top level of `jax` (0.10), whose transformations are partly untyped.

`jax.numpy` comes with types of its own, `jax.lax` only with some.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, Protocol, TypeVar

import jax.nn as _nn
import jax.numpy as _numpy
from jax._src.basearray import Array as Array
from jaxlib.xla_client import Device as Device
from numpy.typing import DTypeLike

_P = ParamSpec("_P")
_R = TypeVar("_R")
_R_co = TypeVar("_R_co", covariant=True)

__version__: str

nn = _nn
numpy = _numpy
# Half of its signatures mention an unannotated callable, which strict checking would report.
lax: Any

class ShapeDtypeStruct:
    shape: tuple[int, ...]
    dtype: Any
    def __init__(self, shape: Sequence[int], dtype: DTypeLike) -> None: ...

class _Lowered(Protocol):
    def as_text(self) -> str: ...
    def compiler_ir(self, dialect: str | None = None) -> Any: ...

class _Jitted(Protocol[_P, _R_co]):
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R_co: ...
    # Takes shapes in place of arrays.
    def lower(self, *args: Any, **kwargs: Any) -> _Lowered: ...

def jit(
    fun: Callable[_P, _R],
    /,
    *,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
    keep_unused: bool = False,
    inline: bool = False,
) -> _Jitted[_P, _R]: ...
def eval_shape(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any: ...
def make_jaxpr(
    fun: Callable[..., Any],
    static_argnums: int | Sequence[int] = (),
    return_shape: bool = False,
) -> Callable[..., Any]: ...
def vmap(fun: Callable[..., _R], in_axes: Any = 0, out_axes: Any = 0) -> Callable[..., _R]: ...
def devices(backend: str | None = None) -> list[Device]: ...
def device_put(x: Any, device: Device | None = None) -> Array: ...
def disable_jit(disable: bool = True) -> AbstractContextManager[None]: ...
def enable_x64(new_val: bool = True) -> AbstractContextManager[None]: ...
