"""`Session`: a model on LiteRT that keeps state between calls, as generation does with its caches."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..cores import check_threads, kernel_threads
from ..diagnostics import UserError
from .engines import BoundCall, CompiledEngine, failures_of
from .quiet import hushed
from .runner import check_inputs, signatures_of
from .signatures import DYNAMIC, SignatureInfo, TensorInfo

if TYPE_CHECKING:
    from ai_edge_litert.tensor_buffer import TensorBuffer

Array = np.ndarray[Any, np.dtype[Any]]


class Session:
    """A loaded model whose tensors that go in and come out under one name are state.

    State is zero at first. It has one buffer, which every signature reads and writes in place: nothing of
    it is copied between calls.

    Attributes:
        signatures: what can be called, by name, in the order of the file.
        state: the tensors that are kept, by name, each with a signature that has it.
    """

    def __init__(
        self, model: str | Path, *, threads: int | None = None, handed_over: bool = False
    ) -> None:
        """Loads a model.

        Args:
            model: a path, whose file is mapped.
            threads: of the kernels and the delegate; None takes as many as there are cores, but no more than four, or
                than `OMP_NUM_THREADS`.
            handed_over: whether what one signature returns and another takes, under one name, is state too, as
                what a decoder sees of its encoder.

        Raises:
            UserError: the file cannot be read, a state tensor has a dimension that the caller chooses,
                signatures differ in what it is, or `threads` is no positive number.
            FormatError: LiteRT does not accept the model, or it has no signatures.
        """
        path = Path(model)
        check_threads(threads)
        threads = kernel_threads() if threads is None else threads
        self._engine = CompiledEngine(path, delegate=True, threads=threads)
        self.signatures = signatures_of(path)
        self.state = _state_of(self.signatures, handed_over=handed_over)
        self._held: set[str] = set()
        self._buffers: dict[str, TensorBuffer] = {}
        self._calls: dict[str, BoundCall] = {}
        self._sizes: dict[str, list[tuple[int, ...]]] = {}
        self.reset()

    def run(self, inputs: Mapping[str, Array], signature: str) -> dict[str, Array]:
        """Runs a signature on the state.

        Args:
            inputs: an array per input that is no state and not held, of exactly its dtype and shape.
            signature: its name.

        Returns:
            An array per output that is no state.

        Raises:
            UserError: no such signature, an input is missing, unknown, or of another dtype or shape; or
                LiteRT failed.
        """
        info = self._signature(signature)
        kept = self.state.keys() | self._held
        taken = [each for each in info.inputs if each.name not in kept]
        checked = check_inputs(replace(info, inputs=tuple(taken)), inputs)
        with failures_of(info), hushed():
            self._resize(info, checked)
            if signature not in self._calls:
                self._calls[signature] = self._engine.call(info, self._buffers)
            call = self._calls[signature]
            for name, array in checked.items():
                call.write(name, array)
            call()
            results = [each for each in info.outputs if each.name not in self.state]
            return {each.name: call.output(each) for each in results}

    def _resize(self, info: SignatureInfo, inputs: Mapping[str, Array]) -> None:
        """Makes a signature ready for inputs of other sizes than those of its last call."""
        dynamic = [each.name for each in info.inputs if DYNAMIC in each.shape]
        sizes = [inputs[name].shape for name in dynamic if name in inputs]
        if sizes and self._sizes.get(info.name) != sizes:
            self._engine.resize(info, inputs)
            self._sizes[info.name] = sizes
            self._calls.pop(info.name, None)

    def hold(self, inputs: Mapping[str, Array]) -> None:
        """Gives inputs values that they keep, in all signatures that have them, until they are given others.

        They have one buffer each, and are written once: nothing of them is copied between calls.

        Args:
            inputs: an array per input, of exactly its dtype and shape.

        Raises:
            UserError: no signature has such an input, it is state, or an array is of another dtype or shape.
        """
        known = {each.name: (own, each) for own in self.signatures.values() for each in own.inputs}
        for name, array in inputs.items():
            if name not in known or name in self.state:
                what = "it is state" if name in self.state else "no signature has it"
                raise UserError(f"input {name!r} cannot be held: {what}")
            owner, info = known[name]
            check_inputs(replace(owner, inputs=(info,)), {name: array})
        for name, array in inputs.items():
            owner, _ = known[name]
            with failures_of(owner), hushed():
                if name not in self._held:
                    self._buffers[name] = self._engine.buffer(owner, name)
                    self._held.add(name)
                    # Calls that are bound already have a buffer of their own.
                    self._calls.clear()
                self._buffers[name].write(np.ascontiguousarray(array).reshape(-1).view(np.uint8))

    def reset(self) -> None:
        """Sets all state to zero."""
        for name, (owner, info) in self.state.items():
            with failures_of(owner), hushed():
                if name not in self._buffers:
                    self._buffers[name] = self._engine.buffer(owner, name)
                size = math.prod(info.shape) * info.dtype.itemsize
                self._buffers[name].write(np.zeros(size, np.uint8))

    def values(self) -> dict[str, Array]:
        """Copies of all state, by name."""
        found: dict[str, Array] = {}
        for name, (owner, info) in self.state.items():
            size = math.prod(info.shape) * info.dtype.itemsize
            with failures_of(owner), hushed():
                read = self._buffers[name].read(size, np.uint8)
            found[name] = read.view(info.dtype).reshape(info.shape)
        return found

    def _signature(self, name: str) -> SignatureInfo:
        if name not in self.signatures:
            known = ", ".join(map(repr, self.signatures))
            raise UserError(f"no signature {name!r}; the model has {known}")
        return self.signatures[name]


def _state_of(
    signatures: Mapping[str, SignatureInfo], *, handed_over: bool
) -> dict[str, tuple[SignatureInfo, TensorInfo]]:
    """What goes in and comes out under one name, with a signature that takes it."""
    state: dict[str, tuple[SignatureInfo, TensorInfo]] = {}
    returned = {each.name for signature in signatures.values() for each in signature.outputs}
    for signature in signatures.values():
        results = returned if handed_over else {each.name for each in signature.outputs}
        for each in (each for each in signature.inputs if each.name in results):
            if DYNAMIC in each.shape:
                raise UserError(
                    f"state {each.name!r} of {signature.name!r} is {each}: a buffer that is kept between "
                    "calls needs a size of its own; export the model with that dimension fixed"
                )
            state.setdefault(each.name, (signature, each))
    for signature in signatures.values():
        for each in (*signature.inputs, *signature.outputs):
            owner, known = state.get(each.name, (signature, each))
            if each != known:
                raise UserError(
                    f"state {each.name!r} is {known} in {owner.name!r}, {each} in {signature.name!r}"
                )
    return state
