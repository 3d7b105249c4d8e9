"""The only door to jaxlib: MLIR's Python bindings, the StableHLO dialect, and XLA on the CPU.

`jaxlib.mlir` is the distribution of the MLIR bindings that we build on (the package
`mlir-python-bindings` of the index is an empty placeholder). Parts of what is used here are private
to jaxlib; they are used in this file alone, so that a new jaxlib can only break this file.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar

import numpy as np

# XLA greets on standard error unless told otherwise before it is loaded.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")

from jaxlib import xla_client
from jaxlib.mlir import ir
from jaxlib.mlir._mlir_libs import _jax_mlir_ext, _mlir
from jaxlib.mlir.dialects import chlo, func, stablehlo
from jaxlib.mlir.passmanager import PassManager

__all__ = [
    "Array",
    "PassManager",
    "chlo",
    "func",
    "ir",
    "make_context",
    "op_name",
    "register_dialect",
    "register_operation",
    "run_on_xla",
    "run_passes",
    "stablehlo",
    "use",
]

Array = np.ndarray[Any, np.dtype[Any]]

# Ops of a dialect that MLIR does not know are looked up in this package; without an entry each
# visit to such an op costs an import attempt (44 us instead of 0.4 us).
_mlir.globals.append_dialect_search_prefix("litewright.compiler.ir.dialects")


def make_context() -> ir.Context:
    """A context with the func, StableHLO and CHLO dialects, open to our unregistered tfl ops."""
    context = ir.Context()
    registry = ir.DialectRegistry()
    _jax_mlir_ext.register_dialects(registry)
    context.append_dialect_registry(registry)
    context.load_all_available_dialects()
    stablehlo.register_dialect(context)
    chlo.register_dialect(context)
    context.allow_unregistered_dialects = True
    return context


@contextlib.contextmanager
def use(context: ir.Context) -> Generator[None]:
    """Makes `context` current, with an unknown location as the default."""
    with context, ir.Location.unknown(context):
        yield


def op_name(op: ir.OpView | ir.Operation) -> str:
    """The full name of an op (`stablehlo.add`).

    `OpView.name` will not do: views of ops that have an attribute `name` (functions, composites) answer
    with that attribute.
    """
    return op.operation.name


_View = TypeVar("_View", bound=ir.OpView)
_Dialect = TypeVar("_Dialect", bound=ir.Dialect)


def register_operation(dialect: type[ir.Dialect], view: type[_View]) -> type[_View]:
    """Registers `view` as the Python class of its `OPERATION_NAME`; it replaces an earlier one."""
    return _mlir.register_operation(dialect, replace=True)(view)


def register_dialect(dialect: type[_Dialect]) -> type[_Dialect]:
    """Registers a dialect class, so that op views can be attached to its namespace."""
    return _mlir.register_dialect(dialect)


def run_passes(module: ir.Module, pipeline: str) -> None:
    """Runs passes of MLIR or StableHLO, such as `func.func(chlo-legalize-to-stablehlo)`."""
    _register_passes()
    with module.context:
        PassManager.parse(f"builtin.module({pipeline})").run(module.operation)


@functools.cache
def _register_passes() -> None:
    stablehlo.register_stablehlo_passes()


def run_on_xla(module: ir.Module, arguments: Sequence[Array] = ()) -> list[Array]:
    """Compiles the public function `main` of a StableHLO module with XLA for the CPU and runs it.

    Args:
        module: StableHLO with static shapes; composites may be present, XLA runs what they decompose to.
        arguments: one array per argument of `main`. Passing any imports jax, which places them.

    Returns:
        One array per result.
    """
    device, place = _device_without_jax() if not arguments else _device_of_jax()
    executable = device.client.compile_and_load(
        module, xla_client.DeviceList((device,)), xla_client.CompileOptions()
    )
    results = executable.execute_sharded([place(a) for a in arguments])
    return [np.asarray(shards[0]) for shards in results.disassemble_into_single_device_arrays()]


@functools.cache
def _device_without_jax() -> tuple[Any, Callable[[Array], Any]]:
    """XLA's CPU device, for modules without arguments."""
    return xla_client.make_cpu_client().local_devices()[0], np.asarray


def _device_of_jax() -> tuple[Any, Callable[[Array], Any]]:
    """JAX's CPU device and the call that places an array there."""
    import jax

    device = jax.devices("cpu")[0]

    def place(array: Array) -> Any:
        with jax.enable_x64(True):
            return jax.device_put(array, device)

    return device, place
