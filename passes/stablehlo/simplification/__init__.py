"""The rules of `Simplify`, a family per file."""
