"""The tfl dialect: one table of ops, and what is made from it.

    y = tfl.emit("fully_connected", [x, w, None], result, keep_num_dims=True)
    tfl.attribute(op, "keep_num_dims")
    tfl.spec_of(op).pure

`table.py` merges the rows, which the files named after a family of ops hold; `spec.py` says what a
row is. The flatbuffer's side of the table is in `lowering/tfl_to_flatbuffer`.
"""

from .build import (
    accepts,
    attribute,
    attributes_of,
    builtin_spec,
    callees,
    emit,
    emit_many,
    spec_of,
)
from .constants import constant, constant_of, is_constant, is_no_value, no_value, splat
from .facts import OpFacts, TensorFact
from .spec import Attribute, OpSpec, Slot
from .table import OPS
from .verify import complaints, facts_of, tensor_fact, verify

__all__ = [
    "OPS",
    "Attribute",
    "OpFacts",
    "OpSpec",
    "Slot",
    "TensorFact",
    "accepts",
    "attribute",
    "attributes_of",
    "builtin_spec",
    "callees",
    "complaints",
    "constant",
    "constant_of",
    "emit",
    "emit_many",
    "facts_of",
    "is_constant",
    "is_no_value",
    "no_value",
    "spec_of",
    "splat",
    "tensor_fact",
    "verify",
]
