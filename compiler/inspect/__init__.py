"""Looking at models: what is in them, what the target takes, and what each pass did."""

from .dump import DumpObserver
from .facts import ModelFacts, OpPlacement, SignatureFacts, SizeFacts, TensorFacts, WeightFacts
from .survey import quantisation_errors, stored_weights, survey

__all__ = [
    "DumpObserver",
    "ModelFacts",
    "OpPlacement",
    "SignatureFacts",
    "SizeFacts",
    "TensorFacts",
    "WeightFacts",
    "quantisation_errors",
    "stored_weights",
    "survey",
]
