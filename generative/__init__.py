"""Generative models, on the public API alone: authoring, checkpoints, export with proof, bundles, text."""
