"""Weights as symbols: lazy sources, pending transforms, and the store that maps names to them."""

from .expression import (
    BiasIntegers,
    Binary,
    Cast,
    Concatenate,
    Expression,
    Leaf,
    Quantize,
    Reshape,
    Scales,
    Slice,
    Transpose,
)
from .store import TensorSource, WeightStore

__all__ = [
    "BiasIntegers",
    "Binary",
    "Cast",
    "Concatenate",
    "Expression",
    "Leaf",
    "Quantize",
    "Reshape",
    "Scales",
    "Slice",
    "TensorSource",
    "Transpose",
    "WeightStore",
]
