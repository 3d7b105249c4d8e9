"""Bundles: a model, its tokenizer and what a runtime must know of both, in one file."""
