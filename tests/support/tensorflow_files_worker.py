"""Runs where TensorFlow is installed: writes some files for others to read.

python tensorflow_files_worker.py FOLDER
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

folder = Path(sys.argv[1])
tf.keras.utils.set_random_seed(0)
images = np.random.default_rng(0).normal(size=(4, 1, 12, 12, 3)).astype(np.float32)


def _save(name: str, converter: tf.lite.TFLiteConverter) -> None:
    (folder / f"{name}.tflite").write_bytes(converter.convert())


def _samples() -> Iterator[list[np.ndarray]]:
    return ([image] for image in images)


def _quantised(model: tf.keras.Model, ops: tf.lite.OpsSet) -> tf.lite.TFLiteConverter:
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = _samples
    converter.target_spec.supported_ops = [ops]
    return converter


def _function(name: str, function: Callable[..., tf.Tensor], *specs: tf.TensorSpec) -> None:
    concrete = tf.function(function, input_signature=specs).get_concrete_function()
    _save(name, tf.lite.TFLiteConverter.from_concrete_functions([concrete]))


layers = tf.keras.layers
network = tf.keras.Sequential([
    layers.Input((12, 12, 3), batch_size=1), layers.Conv2D(8, 3, activation="relu"), layers.DepthwiseConv2D(3),
    layers.BatchNormalization(), layers.MaxPool2D(), layers.Flatten(), layers.Dense(200, activation="relu"),
    layers.Dense(10, activation="softmax"),
])  # fmt: skip
_save("float", tf.lite.TFLiteConverter.from_keras_model(network))
_save("int8", _quantised(network, tf.lite.OpsSet.TFLITE_BUILTINS_INT8))
_save(
    "int16x8",
    _quantised(network, tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8),
)
halves = tf.lite.TFLiteConverter.from_keras_model(network)
halves.optimizations = [tf.lite.Optimize.DEFAULT]
halves.target_spec.supported_types = [tf.float16]
_save("float16", halves)

recurrent = tf.keras.Sequential(
    [layers.Input((6, 4), batch_size=1), layers.LSTM(8), layers.Dense(3)]
)
_save("recurrent", tf.lite.TFLiteConverter.from_keras_model(recurrent))

vector = tf.TensorSpec((3,), tf.float32)
_function(
    "branch",
    lambda x, p: tf.cond(p, lambda: x + 1, lambda: x * 2),
    vector,
    tf.TensorSpec((), tf.bool),
)
_function(
    "dynamic",
    lambda x: tf.nn.softmax(tf.matmul(x, tf.ones((4, 5)))),
    tf.TensorSpec((None, 4), tf.float32),
)
_function(
    "shape",
    lambda x: tf.concat([tf.shape(x), tf.range(3)], 0),
    tf.TensorSpec((None, None), tf.float32),
)
_function(
    "strings", lambda i: tf.gather(tf.constant(["a", "bcd"]), i), tf.TensorSpec((2,), tf.int32)
)


class Counter(tf.Module):
    """State that two signatures share, and a table of strings."""

    def __init__(self) -> None:
        super().__init__()
        self.total = tf.Variable(tf.ones((3,)))
        keys = tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2], tf.string, tf.int64)
        self.table = tf.lookup.StaticHashTable(keys, -1)

    @tf.function(input_signature=[tf.TensorSpec((3,), tf.float32, name="x")])
    def add(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        self.total.assign_add(x)
        return {"total": self.total + 0.0}

    @tf.function(input_signature=[tf.TensorSpec((3,), tf.float32, name="x")])
    def scale(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"scaled": self.total * x}


counter = Counter()
saved = str(folder / "counter")
tf.saved_model.save(counter, saved, signatures={"add": counter.add, "scale": counter.scale})
stateful = tf.lite.TFLiteConverter.from_saved_model(saved, signature_keys=["add", "scale"])
stateful.experimental_enable_resource_variables = True
_save("state", stateful)
