"""Types of `safetensors.torch` (0.8), whose annotations are incomplete."""

from os import PathLike

from torch import Tensor
from torch.nn import Module

def load(data: bytes) -> dict[str, Tensor]: ...
def load_file(filename: str | PathLike[str], device: str | int = "cpu") -> dict[str, Tensor]: ...
def load_model(
    model: Module,
    filename: str | PathLike[str],
    strict: bool = True,
    device: str | int = "cpu",
) -> tuple[list[str], list[str]]: ...
def save(tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> bytes: ...
def save_file(
    tensors: dict[str, Tensor],
    filename: str | PathLike[str],
    metadata: dict[str, str] | None = None,
) -> None: ...
def save_model(
    model: Module,
    filename: str | PathLike[str],
    metadata: dict[str, str] | None = None,
    force_contiguous: bool = True,
) -> None: ...
