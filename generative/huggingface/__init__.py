"""Decoders of transformers as signatures for LiteRT, from the model's own code."""
