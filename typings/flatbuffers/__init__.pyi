"""Types of `flatbuffers` (25), which ships none."""

from flatbuffers.builder import Builder as Builder
from flatbuffers.table import Table as Table

__version__: str
