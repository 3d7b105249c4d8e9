"""Types of `jaxlib.mlir.dialects.mhlo` (jaxlib 0.10): registration only."""

from typing import Any

from jaxlib.mlir import ir

def register_mhlo_dialect(context: ir.Context, load: bool = True) -> None: ...
def register_mhlo_passes() -> None: ...
def __getattr__(name: str) -> Any: ...  # pyright: ignore[reportIncompleteStub]
