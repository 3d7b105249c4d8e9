"""Runs where TensorFlow is installed: every model of a folder, on TensorFlow's own interpreter.

    python tensorflow_worker.py FOLDER

`NAME.tflite` with `NAME.inputs.npz` becomes `NAME.outputs.npz`, or `NAME.error` with the reason. Arrays
are named as the signature names them; a file with several signatures is run on `NAME.signature`'s.
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf


def _run(model: Path) -> dict[str, np.ndarray]:
    interpreter = tf.lite.Interpreter(str(model))
    chosen = model.with_suffix(".signature")
    key = chosen.read_text() if chosen.exists() else next(iter(interpreter.get_signature_list()))
    with np.load(model.with_suffix(".inputs.npz")) as inputs:
        return interpreter.get_signature_runner(key)(**inputs)


for source in sorted(Path(sys.argv[1]).glob("*.tflite")):
    try:
        np.savez(source.with_suffix(".outputs.npz"), **_run(source))  # pyright: ignore[reportArgumentType]
    except Exception as error:  # noqa: BLE001
        source.with_suffix(".error").write_text(f"{type(error).__name__}: {error}")
