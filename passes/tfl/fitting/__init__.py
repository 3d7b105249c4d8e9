"""Other ways to say an op, for targets that do not take the plain one; see `passes/tfl/fit_target.py`."""
