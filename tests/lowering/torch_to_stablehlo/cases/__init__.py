"""One row per thing that an op must do: the op, its arguments, what of it is compared.

A family of cases per family of rules. `test_ops.py` runs them all, and demands one for every rule.
"""
