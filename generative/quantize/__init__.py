"""Recipes under the names of the AI Edge Torch Generative API."""
