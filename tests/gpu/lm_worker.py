"""Loads a model on the GPU delegate inside LiteRT-LM's library, through LiteRT's C interface.

    python lm_worker.py library model.tflite inputs.npz outputs.npz

After the library's path, arguments and results are those of `gpu_worker.py`. Delegate and runtime are
one library here, which takes composites; in the `ai-edge-litert` wheel they end the process.
"""

from __future__ import annotations

import ctypes
import sys

import numpy as np

REFUSED = 3
GPU = 2
READ, WRITE = 0, 1
# LiteRtElementType, as far as these tests go.
DTYPES = {1: np.float32, 2: np.int32, 6: np.bool_, 10: np.float16}

Handle = ctypes.c_void_p
Tensors = dict[str, tuple[Handle, tuple[int, ...], type]]


class TensorType(ctypes.Structure):
    """`LiteRtRankedTensorType`; the rank is in the low seven bits of its field."""

    _fields_ = (
        ("element", ctypes.c_int32),
        ("rank", ctypes.c_uint32),
        ("sizes", ctypes.c_int32 * 8),
        ("strides", ctypes.c_uint32 * 8),
    )


class RefusedError(Exception):
    """A call that did not answer with success."""


class Model:
    """A model compiled for the GPU."""

    def __init__(self, library: str, path: str) -> None:
        self._library = ctypes.CDLL(library)
        self._environment = self._made("LiteRtCreateEnvironment", 0, None)
        self._model = self._made("LiteRtCreateModelFromFile", self._environment, path.encode())
        options = self._made("LiteRtCreateOptions")
        self._call("LiteRtSetOptionsHardwareAccelerators", options, GPU)
        self._compiled = self._made(
            "LiteRtCreateCompiledModel", self._environment, self._model, options
        )

    def is_fully_accelerated(self) -> bool:
        """Whether every op is on the GPU."""
        answer = ctypes.c_bool()
        name = "LiteRtCompiledModelIsFullyAccelerated"
        self._call(name, self._compiled, ctypes.byref(answer))
        return answer.value

    def signatures(self) -> dict[str, tuple[ctypes.c_size_t, Handle]]:
        """Number and handle of every signature."""
        found: dict[str, tuple[ctypes.c_size_t, Handle]] = {}
        for number in self._range("LiteRtGetNumModelSignatures", self._model):
            signature = self._made("LiteRtGetModelSignature", self._model, number)
            found[self._text("LiteRtGetSignatureKey", signature)] = number, signature
        return found

    def run(
        self, number: ctypes.c_size_t, signature: Handle, inputs: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """The outputs of a signature by name."""
        given = self._tensors("Input", number, signature)
        made = self._tensors("Output", number, signature)
        for name, (buffer, _, _) in given.items():
            data = np.ascontiguousarray(inputs[name])
            ctypes.memmove(self._lock(buffer, WRITE), data.ctypes.data, data.nbytes)
            self._call("LiteRtUnlockTensorBuffer", buffer)
        buffers = (*_array_of(given), *_array_of(made))
        self._call("LiteRtRunCompiledModel", self._compiled, number, *buffers)
        outputs: dict[str, np.ndarray] = {}
        for name, (buffer, shape, dtype) in made.items():
            outputs[name] = np.empty(shape, dtype)
            data = outputs[name].ctypes.data
            ctypes.memmove(data, self._lock(buffer, READ), outputs[name].nbytes)
            self._call("LiteRtUnlockTensorBuffer", buffer)
        return outputs

    def _tensors(self, side: str, number: ctypes.c_size_t, signature: Handle) -> Tensors:
        """A buffer, the shape and the type of every input or output, by name, in order."""
        found: Tensors = {}
        for index in self._range(f"LiteRtGetNumSignature{side}s", signature):
            name = self._text(f"LiteRtGetSignature{side}Name", signature, index)
            tensor = self._made(f"LiteRtGetSignature{side}TensorByIndex", signature, index)
            kind = TensorType()
            self._call("LiteRtGetRankedTensorType", tensor, ctypes.byref(kind))
            wanted = f"LiteRtGetCompiledModel{side}BufferRequirements"
            needs = self._made(wanted, self._compiled, number, index)
            make = "LiteRtCreateManagedTensorBufferFromRequirements"
            buffer = self._made(make, self._environment, ctypes.byref(kind), needs)
            shape = tuple(kind.sizes[: kind.rank & 0x7F])
            found[name] = buffer, shape, DTYPES[kind.element]
        return found

    def _lock(self, buffer: Handle, mode: int) -> Handle:
        address = Handle()
        self._call("LiteRtLockTensorBuffer", buffer, ctypes.byref(address), mode)
        return address

    def _range(self, name: str, *arguments: object) -> list[ctypes.c_size_t]:
        count = ctypes.c_size_t()
        self._call(name, *arguments, ctypes.byref(count))
        return [ctypes.c_size_t(number) for number in range(count.value)]

    def _text(self, name: str, *arguments: object) -> str:
        text = ctypes.c_char_p()
        self._call(name, *arguments, ctypes.byref(text))
        return (text.value or b"").decode()

    def _made(self, name: str, *arguments: object) -> Handle:
        """Calls a function that makes something and puts it where its last parameter points."""
        made = Handle()
        self._call(name, *arguments, ctypes.byref(made))
        return made

    def _call(self, name: str, *arguments: object) -> None:
        status = getattr(self._library, name)(*arguments)
        if status:
            raise RefusedError(f"{name} answers {status}")


def _array_of(tensors: Tensors) -> tuple[ctypes.c_size_t, ctypes.Array[Handle]]:
    handles = [buffer for buffer, _, _ in tensors.values()]
    return ctypes.c_size_t(len(handles)), (Handle * len(handles))(*handles)


def main(library: str, model_path: str, inputs_path: str, outputs_path: str) -> int:
    """Loads, runs, and writes what came out."""
    try:
        model = Model(library, model_path)
    except RefusedError as error:
        print(error, file=sys.stderr)
        return REFUSED
    outputs: dict[str, np.ndarray] = {}
    with np.load(inputs_path) as inputs:
        for key, (number, signature) in model.signatures().items():
            mine = {n.removeprefix(f"{key}/"): inputs[n] for n in inputs if n.startswith(f"{key}/")}
            for name, array in model.run(number, signature, mine).items():
                outputs[f"{key}/{name}"] = array
    np.savez(outputs_path, **outputs)
    print("accelerated" if model.is_fully_accelerated() else "in part")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
