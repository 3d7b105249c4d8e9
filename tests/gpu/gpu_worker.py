"""Loads a model on the GPU delegate and runs its signatures: a process for one file.

    python gpu_worker.py model.tflite inputs.npz outputs.npz

Arrays are named `signature/tensor`. The last line on standard output is `accelerated` if the delegate took
every op. The process ends with 3 where the delegate refuses the model, and in whichever way the delegate
brings it down where it does that.
"""

from __future__ import annotations

import sys
from pathlib import Path

import ai_edge_litert
import numpy as np
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.environment import Environment
from ai_edge_litert.hardware_accelerator import HardwareAccelerator
from ai_edge_litert.options import GpuOptions, Options

REFUSED = 3


def main(model_path: str, inputs_path: str, outputs_path: str) -> int:
    """Loads, runs, and writes what came out."""
    environment = Environment.create(runtime_path=str(Path(ai_edge_litert.__file__).parent))
    options = Options(HardwareAccelerator.GPU, gpu_options=GpuOptions(enforce_f32=True))
    try:
        model = CompiledModel.from_file(model_path, None, environment, options)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return REFUSED
    outputs: dict[str, np.ndarray] = {}
    with np.load(inputs_path) as inputs:
        for signature, names in model.get_signature_list().items():
            given = {name: inputs[f"{signature}/{name}"] for name in names["inputs"]}
            for name, array in run(model, signature, given).items():
                outputs[f"{signature}/{name}"] = array
    np.savez(outputs_path, **outputs)
    print("accelerated" if model.is_fully_accelerated() else "in part")
    return 0


def run(
    model: CompiledModel, signature: str, inputs: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The outputs of a signature by name."""
    details = model.get_output_tensor_details(signature)
    given = {name: model.create_input_buffer_by_name(signature, name) for name in inputs}
    made = {name: model.create_output_buffer_by_name(signature, name) for name in details}
    for name, array in inputs.items():
        given[name].write(np.ascontiguousarray(array).reshape(-1).view(np.uint8))
    model.run_by_name(signature, given, made)
    outputs: dict[str, np.ndarray] = {}
    for name, detail in details.items():
        shape, dtype = tuple(detail["shape"]), np.dtype(detail["dtype"])
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        outputs[name] = made[name].read(size, np.uint8).view(dtype).reshape(shape)
    return outputs


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
