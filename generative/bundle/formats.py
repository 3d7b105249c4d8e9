"""Schemas of LiteRT-LM, from the package `litert-lm-builder`, which has no types: the only file that imports it."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import litewright


def _load(name: str) -> ModuleType:
    try:
        return importlib.import_module(f"litert_lm_builder.{name}")
    except ModuleNotFoundError as error:
        raise litewright.UserError(
            f"bundles need the package {error.name}: pip install 'litewright[lm]'"
        ) from error


schema: Any = _load("litertlm_header_schema_py_generated")
LlmMetadata: Any = getattr(_load("runtime.proto.llm_metadata_pb2"), "LlmMetadata")  # noqa: B009
