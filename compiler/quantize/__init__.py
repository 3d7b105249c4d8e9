"""Quantisation: what is asked for (specs, recipes) and how the numbers are made (algorithms).

Nothing here knows of MLIR. A pass writes specs into a program; the store of weights calls the algorithms
when the bytes of a tensor are wanted.
"""
