"""Running .tflite models on LiteRT: signatures by name, checked inputs, delegation, latency."""

from .delegation import Delegation, Placement
from .latency import Latency
from .runner import Runner
from .signatures import SignatureInfo, TensorInfo, read_signatures

__all__ = [
    "Delegation",
    "Latency",
    "Placement",
    "Runner",
    "SignatureInfo",
    "TensorInfo",
    "read_signatures",
]
