"""Generative models, on the public API alone. Empty so far: decoders are written as in `tests/models`."""
