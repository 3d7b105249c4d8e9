"""Lowering rules by family of op; `table.py` merges them."""
