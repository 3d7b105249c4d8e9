"""A .tflite on an interpreter, fed by steps: whoever wrote it, whatever layout its caches have."""

from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from benchmarks.steps import CACHE_PREFIX, Step

Arrays = dict[str, NDArray[Any]]


class Player:
    """One interpreter, whose signatures are found by the names that steps use."""

    def __init__(self, path: Path, *, threads: int, delegate: bool = True) -> None:
        resolver = (
            OpResolverType.AUTO if delegate else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        )
        interpreter: Any = Interpreter(
            model_path=str(path), num_threads=threads, experimental_op_resolver_type=resolver
        )
        # The public runner of a signature cannot leave setting inputs out of what is timed.
        self._native = interpreter._interpreter
        self._definitions: dict[str, Any] = interpreter._get_full_signature_list()

    def signature(self, wanted: str) -> str:
        """The signature of that name; where there is but one, that one."""
        if wanted in self._definitions:
            return wanted
        (only,) = self._definitions
        return only

    def run(self, step: Step, caches: Arrays) -> tuple[NDArray[Any] | None, Arrays]:
        """Call the step's signature: its output that is no cache, if any, and the new caches."""
        key = self.signature(step.signature)
        self.load(step, caches)
        self.invoke(key)
        subgraph = self._native.GetSubgraphIndexFromSignature(key)
        outputs: Arrays = {
            name: self._native.GetTensor(index, subgraph)
            for name, index in self._definitions[key]["outputs"].items()
        }
        new = {name: outputs.pop(name) for name in list(outputs) if name.startswith(CACHE_PREFIX)}
        if not outputs:
            return None, new
        (output,) = outputs.values()
        return output, new

    def load(self, step: Step, caches: Arrays) -> None:
        """Set the inputs of a step; caches that are missing are zero."""
        key = self.signature(step.signature)
        subgraph = self._native.GetSubgraphIndexFromSignature(key)
        self._native.AllocateTensors(subgraph)
        for name, index in self._definitions[key]["inputs"].items():
            if name.startswith(CACHE_PREFIX):
                shape: list[int] = self._native.TensorSize(index, subgraph)
                value = caches.get(name, np.zeros(shape, np.float32))
            else:
                value = step.inputs[name]
            self._native.SetTensor(index, np.ascontiguousarray(value), subgraph)

    def invoke(self, key: str) -> None:
        """Compute, and nothing else."""
        self._native.Invoke(self._native.GetSubgraphIndexFromSignature(key))
