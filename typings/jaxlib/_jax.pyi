"""Types of `jaxlib._jax` (jaxlib 0.10), which ships none; those of jax itself name `Device`."""

from typing import Any

from jaxlib.xla_client import Device as Device

def __getattr__(name: str) -> Any: ...  # pyright: ignore[reportIncompleteStub]
