"""The two ways LiteRT runs a model, behind one interface.

`Interpreter` verifies a file as it loads, takes every element type and tells what was delegated.
`CompiledModel` is what applications use; its buffers stay where they are between calls.
"""

from __future__ import annotations

import atexit
import functools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..diagnostics import FormatError, UserError
from .quiet import hushed
from .signatures import SignatureInfo, TensorInfo

if TYPE_CHECKING:
    from ai_edge_litert.compiled_model import CompiledModel
    from ai_edge_litert.environment import Environment
    from ai_edge_litert.tensor_buffer import TensorBuffer

Array = np.ndarray[Any, np.dtype[Any]]
Model = Path | bytes

# The delegate's name for a weight cache that is an anonymous file. It packs a matrix once for all signatures,
# where without a cache each has a copy of its own, and lets go of the pages that it packed from.
_SHARED_PACKING = ":memory" if hasattr(os, "memfd_create") else ""


class Engine(Protocol):
    """Runs signatures on inputs that have been checked."""

    def run(self, signature: SignatureInfo, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Fresh arrays, by output name."""
        ...


class InterpreterEngine:
    """`ai_edge_litert.interpreter.Interpreter`."""

    def __init__(self, model: Model, *, delegate: bool, threads: int | None) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        resolver = (
            OpResolverType.AUTO if delegate else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        )
        try:
            with hushed():
                self.interpreter = Interpreter(
                    model_path=str(model) if isinstance(model, Path) else None,
                    model_content=model if isinstance(model, bytes) else None,
                    num_threads=threads,
                    experimental_op_resolver_type=resolver,
                )
        except (ValueError, RuntimeError) as error:
            raise FormatError(f"LiteRT cannot load the model: {error}") from error

    def run(self, signature: SignatureInfo, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """See `Engine`."""
        with failures_of(signature), hushed():
            outputs = self.interpreter.get_signature_runner(signature.name)(**inputs)
        return {each.name: outputs[each.name] for each in signature.outputs}


class CompiledEngine:
    """`ai_edge_litert.compiled_model.CompiledModel` on the CPU.

    With `share_packing`, signatures share what the delegate packs of their weights, where the system can.
    """

    def __init__(
        self, model: Model, *, delegate: bool, threads: int | None, share_packing: bool = True
    ) -> None:
        from ai_edge_litert.compiled_model import CompiledModel
        from ai_edge_litert.hardware_accelerator import HardwareAccelerator
        from ai_edge_litert.options import CpuKernelMode, CpuOptions, Options

        mode = CpuKernelMode.DELEGATE if delegate else CpuKernelMode.BUILTIN
        options = Options(
            hardware_accelerators=HardwareAccelerator.CPU,
            cpu_options=CpuOptions(
                num_threads=threads or 1,
                kernel_mode=mode,
                xnnpack_weight_cache_path=_SHARED_PACKING if share_packing else "",
            ),
        )
        try:
            with hushed():
                environment = _environment()
                self._model = (
                    CompiledModel.from_file(str(model), None, environment, options)
                    if isinstance(model, Path)
                    else CompiledModel.from_buffer(model, None, environment, options)
                )
        except (ValueError, RuntimeError) as error:
            raise FormatError(f"LiteRT cannot load the model: {error}") from error

    def run(self, signature: SignatureInfo, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """See `Engine`."""
        with failures_of(signature), hushed():
            call = self.bind(signature, inputs)
            call()
        return {each.name: call.output(each) for each in signature.outputs}

    def bind(
        self, signature: SignatureInfo, inputs: Mapping[str, Array], *, in_place: bool = False
    ) -> BoundCall:
        """A call whose buffers are filled once, to be made many times.

        Args:
            signature: what is called.
            inputs: an array per input.
            in_place: whether a tensor that goes in and comes out under one name, as a cache, has one buffer.
        """
        self.resize(signature, inputs)
        returned = {each.name: each for each in signature.outputs}
        kept = [each for each in signature.inputs if in_place and returned.get(each.name) == each]
        call = self.call(signature, {each.name: self.buffer(signature, each.name) for each in kept})
        for name, array in inputs.items():
            call.write(name, array)
        return call

    def resize(self, signature: SignatureInfo, inputs: Mapping[str, Array]) -> None:
        """Gives dynamic dimensions the sizes of the inputs; calls that were bound before are void."""
        for info in signature.inputs:
            if any(size < 0 for size in info.shape):
                self._model.resize_input_tensor_by_name(
                    signature.name, info.name, inputs[info.name].shape
                )

    def call(self, signature: SignatureInfo, shared: Mapping[str, TensorBuffer]) -> BoundCall:
        """A call with buffers of its own, but for inputs and outputs under the names in `shared`."""
        return BoundCall(self._model, signature, shared)

    def buffer(self, signature: SignatureInfo, name: str) -> TensorBuffer:
        """A new buffer for an input."""
        return self._model.create_input_buffer_by_name(signature.name, name)


@functools.cache
def _environment() -> Environment:
    """One for the process: making one looks for accelerators."""
    import ai_edge_litert
    from ai_edge_litert.environment import Environment

    atexit.register(_retire_environment)
    return Environment.create(runtime_path=str(Path(ai_edge_litert.__file__).parent))


def _retire_environment() -> None:
    with hushed():
        _environment.cache_clear()


class BoundCall:
    """A call of a compiled model with its input and output buffers."""

    def __init__(
        self, model: CompiledModel, signature: SignatureInfo, shared: Mapping[str, TensorBuffer]
    ) -> None:
        self._model, self._key = model, signature.name
        self._inputs = {
            each.name: shared.get(each.name)
            or model.create_input_buffer_by_name(self._key, each.name)
            for each in signature.inputs
        }
        self._outputs = {
            each.name: shared.get(each.name)
            or model.create_output_buffer_by_name(self._key, each.name)
            for each in signature.outputs
        }

    def __call__(self) -> None:
        """Runs the signature on what is in the buffers."""
        self._model.run_by_name(self._key, self._inputs, self._outputs)

    def write(self, name: str, array: Array) -> None:
        """Fills the buffer of an input. It goes as bytes: 64-bit integers are refused as what they are."""
        self._inputs[name].write(array.reshape(-1).view(np.uint8))

    def output(self, info: TensorInfo) -> Array:
        """A copy of an output."""
        shape = self._model.get_output_tensor_details(self._key)[info.name]["shape"]
        size = int(np.prod(shape, dtype=np.int64)) * info.dtype.itemsize
        return self._outputs[info.name].read(size, np.uint8).view(info.dtype).reshape(shape)


class failures_of:  # noqa: N801 (a context manager, used as a statement)
    """Turns what LiteRT raises while a signature runs into a `UserError` that names it."""

    def __init__(self, signature: SignatureInfo) -> None:
        self._name = signature.name

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (ValueError, RuntimeError)):
            told = "; ".join([str(error), *getattr(error, "__notes__", ())])
            raise UserError(f"LiteRT failed in signature {self._name!r}: {told}") from error
