"""Types of `flatbuffers.flexbuffers` (25), which ships none."""

from typing import Any

def Dumps(obj: Any) -> bytes: ...
def Loads(buf: bytes | bytearray | memoryview) -> Any: ...
def __getattr__(name: str) -> Any: ...  # pyright: ignore[reportIncompleteStub]
