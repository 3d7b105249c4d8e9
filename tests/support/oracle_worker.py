"""Runs where litert-converter is installed: parses MLIR text with the official tfl dialect, and exports it.

    python oracle_worker.py FOLDER

Every `NAME.mlir` of the folder becomes `NAME.tflite`, or `NAME.error` with the reason. A text that ends
the process leaves `NAME.started` behind; run the worker again and it goes on after it.
"""

import sys
from pathlib import Path

from litert_converter import converter_api_ext
from litert_converter.mlir import ir

NAME = "litewright.name"


def _convert(text: str) -> bytes:
    context = ir.Context()
    converter_api_ext.prepare_mlir_context(context)
    context.allow_unregistered_dialects = True
    with context:
        module = ir.Module.parse(text)
        module.operation.verify()
        for function in module.body.operations:
            _sign(function)
        return converter_api_ext.export_flatbuffer_to_bytes(module.operation)


def _sign(function: ir.OpView) -> None:
    """Makes a signature of a function whose inputs and results are named."""
    inputs, results = (function.attributes.get(key) for key in ("arg_attrs", "res_attrs"))
    if inputs is None or results is None:
        return
    names = [
        [each[NAME].value for each in entries if NAME in each] for entries in (inputs, results)
    ]
    converter_api_ext.set_signature(
        function.operation, function.attributes["sym_name"].value, *names
    )


for source in sorted(Path(sys.argv[1]).glob("*.mlir")):
    if any(source.with_suffix(end).exists() for end in (".tflite", ".error", ".started")):
        continue
    source.with_suffix(".started").touch()
    try:
        source.with_suffix(".tflite").write_bytes(_convert(source.read_text()))
    except Exception as error:  # noqa: BLE001
        source.with_suffix(".error").write_text(f"{type(error).__name__}: {error}")
    source.with_suffix(".started").unlink()
