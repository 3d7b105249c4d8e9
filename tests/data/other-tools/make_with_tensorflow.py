"""Writes the files of this folder that TensorFlow makes: `python make_with_tensorflow.py FOLDER`."""

import sys
from pathlib import Path

import tensorflow as tf

VOCABULARY, WIDTH = 300, 64

folder = Path(sys.argv[1])
tf.keras.utils.set_random_seed(0)
layers = tf.keras.layers


class Tagger(tf.Module):
    """Rows of a table that two signatures look up, at indices of one dimension and of two."""

    def __init__(self) -> None:
        super().__init__()
        self.table = tf.Variable(tf.random.normal((VOCABULARY, WIDTH)))
        self.up = tf.Variable(tf.random.normal((WIDTH, 2 * WIDTH)) * 0.1)
        self.down = tf.Variable(tf.random.normal((2 * WIDTH, 16)) * 0.1)

    def _tags(self, rows: tf.Tensor) -> tf.Tensor:
        return tf.matmul(tf.nn.relu(tf.matmul(rows, self.up)), self.down)

    @tf.function(input_signature=[tf.TensorSpec((7,), tf.int32, name="words")])
    def sentence(self, words: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"tags": self._tags(tf.gather(self.table, words))}

    @tf.function(input_signature=[tf.TensorSpec((2, 5), tf.int64, name="words")])
    def batch(self, words: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"tags": self._tags(tf.gather(self.table, words))}


tagger = Tagger()
saved = str(folder / "tagger")
tf.saved_model.save(tagger, saved, signatures={"sentence": tagger.sentence, "batch": tagger.batch})
converter = tf.lite.TFLiteConverter.from_saved_model(saved, signature_keys=["sentence", "batch"])
(folder / "tensorflow.tflite").write_bytes(converter.convert())

network = tf.keras.Sequential([
    layers.Input((16, 16, 8), batch_size=1), layers.Conv2D(32, 3, activation="relu"), layers.DepthwiseConv2D(3),
    layers.Conv2DTranspose(16, 3), layers.Flatten(), layers.Dense(12),
])  # fmt: skip
converter = tf.lite.TFLiteConverter.from_keras_model(network)
(folder / "tensorflow-convolutions.tflite").write_bytes(converter.convert())
converter = tf.lite.TFLiteConverter.from_keras_model(network)
converter.optimizations = [tf.lite.Optimize.DEFAULT]
converter.target_spec.supported_types = [tf.float16]
(folder / "tensorflow-float16.tflite").write_bytes(converter.convert())
