"""Types of `ai_edge_litert.schema_py_generated` (2.3): none, it is generated and vast."""

from typing import Any

def __getattr__(name: str) -> Any: ...  # pyright: ignore[reportIncompleteStub]
