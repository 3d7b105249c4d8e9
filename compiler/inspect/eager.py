"""Captured signatures in eager torch, every value on the way kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.fx import Node

from ..diagnostics import UserError
from ..ir.fx import FunctionalInterpreter, FxProgram, Held
from ..ir.mlir import Array
from ..weights import TensorSource
from ..weights.torch_source import array_of_tensor, numpy_dtype, tensor_of_array


class Recorder(FunctionalInterpreter):
    """Runs a signature and keeps what its nodes compute."""

    def __init__(self, program: FxProgram, values: Mapping[str, torch.Tensor]) -> None:
        """`values` are the tensors of all placeholders, by name."""
        super().__init__(program.graph_module)
        self._program = program
        self._values = values
        self._seen: dict[str, Array] = {}

    def run_node(self, n: Node) -> Any:
        """Runs a node, and keeps its value if it is a computed tensor."""
        value = super().run_node(n)
        if n.op == "call_function" and isinstance(value, torch.Tensor):
            self._seen[n.name] = array_of_tensor(value)
        return value

    def results(self) -> tuple[dict[str, Array], dict[str, Array]]:
        """The results of the signature by name, and the values of its nodes by name."""
        arguments = [self._values[name] for name in self._program.placeholders]
        with torch.no_grad():
            outputs = self.run(*arguments)
        arrays = [array_of_tensor(tensor) for tensor in outputs]
        return dict(zip(self._program.outputs, arrays, strict=True)), self._seen


def held_tensors(
    program: FxProgram, weights: Mapping[str, TensorSource]
) -> dict[str, torch.Tensor]:
    """The tensors that a signature holds, by placeholder.

    Raises:
        UserError: a parameter is on the meta device and `weights` does not have it.
    """
    return {name: _tensor(held, weights) for name, held in program.held.items()}


def _tensor(held: Held, weights: Mapping[str, TensorSource]) -> torch.Tensor:
    if held.affine is not None or not held.tensor.is_meta:
        return held.value
    source = next((weights[name] for name in held.aliases if name in weights), None)
    if source is None:
        raise UserError(f"{held.name} is on the meta device, and no weights are given for it")
    return tensor_of_array(source.read().astype(numpy_dtype(held.tensor.dtype), copy=False))
