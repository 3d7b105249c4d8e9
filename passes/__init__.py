"""Passes: transformations that stay on one level."""
