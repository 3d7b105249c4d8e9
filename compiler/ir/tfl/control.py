"""Constants, control flow, state, randomness, and ops that the table does not spell out.

`tfl.while`, `tfl.if`: each region calls one private function and yields its results, which is what
the official dialect makes of the subgraphs of a file. The regions of `tfl.if` take no arguments; what
they hand to the function they take from outside. `tfl.raw` is ours: a builtin operator of the
schema without a row of its own, with its options field by field. `tfl.variable` is ours too: a tensor
that keeps its contents between runs, which stateful ops (LSTM, SVDF) read and write.
"""

from __future__ import annotations

from .spec import Attribute, OpSpec, slot

_STORED = "f32 f64 i1 ui8 i8 qi8 qui8 i32 i64 qi16 complex<f32> complex<f64>"
_RANDOM = (Attribute("seed", "i64", default=0), Attribute("seed2", "i64", default=0))
_KEYS = "i32 i64 !tf_type.string"
_MAPPED = "f32 i32 i64 !tf_type.string"
_RESOURCE = "!tf_type.resource"

OPS = (
    OpSpec("pseudo_const", "", (), (slot("output"),), (Attribute("value", "dense", field=None),)),
    OpSpec(
        "pseudo_qconst", "", (), (slot("output"),),
        (Attribute("qtype", "type", field=None), Attribute("value", "dense", field=None)),
    ),
    OpSpec("no_value", "", (), (slot("none_val"),), (Attribute("value", "unit", default=True, field=None),)),
    OpSpec("yield", "", (slot("operands_*"),), pure=False),
    OpSpec("variable", "", (), (slot("output"),), pure=False),
    OpSpec(
        "while", "WHILE", (slot("input*"),), (slot("output*"),),
        (Attribute("is_stateless", "bool", default=False, field=None),), "WhileOptions", pure=False,
        regions=("cond", "body"),
    ),
    OpSpec(
        "if", "IF", (slot("cond", "i1"),), (slot("results*"),), options="IfOptions", pure=False,
        regions=("then", "else"),
    ),
    OpSpec(
        "call_once", "CALL_ONCE", attributes=(Attribute("session_init_function", "string", field=None),),
        options="CallOnceOptions", pure=False,
    ),
    OpSpec(
        "var_handle", "VAR_HANDLE", (), (slot("resource_handle", _RESOURCE),),
        (Attribute("container", "string", default=""), Attribute("shared_name", "string", default="")),
        "VarHandleOptions", pure=False,
    ),
    OpSpec(
        "read_variable", "READ_VARIABLE", (slot("resource_id", _RESOURCE),), (slot("result", _STORED),),
        options="ReadVariableOptions", pure=False,
    ),
    OpSpec(
        "assign_variable", "ASSIGN_VARIABLE", (slot("resource_id", _RESOURCE), slot("value", _STORED)), (),
        options="AssignVariableOptions", pure=False,
    ),
    OpSpec(
        "hashtable", "HASHTABLE", (), (slot("out", _RESOURCE),),
        (Attribute("table_id", "i32"), Attribute("key_dtype", "type"), Attribute("value_dtype", "type")),
        "HashtableOptions", pure=False,
    ),
    OpSpec(
        "hashtable_find", "HASHTABLE_FIND",
        (slot("hash_table", _RESOURCE), slot("keys", _KEYS), slot("default_value", _MAPPED)),
        (slot("out", _MAPPED),), options="HashtableFindOptions", pure=False,
    ),
    OpSpec(
        "hashtable_import", "HASHTABLE_IMPORT",
        (slot("hash_table", _RESOURCE), slot("keys", _KEYS), slot("values", _MAPPED)), (),
        options="HashtableImportOptions", pure=False,
    ),
    OpSpec(
        "hashtable_size", "HASHTABLE_SIZE", (slot("hash_table", _RESOURCE),), (slot("out", "i64"),),
        options="HashtableSizeOptions", pure=False,
    ),
    OpSpec(
        "random_uniform", "RANDOM_UNIFORM", (slot("shape", "i32", 1),), (slot("out", "f32"),), _RANDOM,
        "RandomOptions", pure=False,
    ),
    OpSpec(
        "random_standard_normal", "RANDOM_STANDARD_NORMAL", (slot("shape", "i32", 1),), (slot("out", "f32"),), _RANDOM,
        "RandomOptions", pure=False,
    ),
    OpSpec(
        "multinomial", "MULTINOMIAL", (slot("logits", "f32"), slot("num_samples", "i32")), (slot("out", "i32 i64"),),
        _RANDOM, "RandomOptions", pure=False,
    ),
    OpSpec(
        "custom", "CUSTOM", (slot("input*"),), (slot("output*"),),
        (Attribute("custom_code", "string", field=None), Attribute("custom_option", "bytes", default=b"", field=None)),
        pure=False,
    ),
    OpSpec(
        "raw", "", (slot("input*"),), (slot("output*"),),
        (
            Attribute("builtin", "string", field=None),
            Attribute("version", "i32", default=1, field=None),
            Attribute("options", "string", default="", field=None),
            Attribute("fields", "fields", default=None, field=None),
            Attribute("intermediates", "types", default=(), field=None),
            Attribute("mutated", "i64s", default=(), field=None),
        ),
        pure=False,
    ),
)  # fmt: skip
