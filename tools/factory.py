"""What to convert, from a Python function that the user names on the command line."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from litewright.compiler.diagnostics import LitewrightError, UserError

if TYPE_CHECKING:
    import torch

    from litewright.compiler.driver.request import ModuleRequest

_DEFAULT_SIGNATURE = "serving_default"
_WANTED = (
    "it must return (module, args), (module, args, kwargs) or (module, args, kwargs, dynamic_shapes), or a dict "
    "of these by signature"
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A module and what to call it with.

    Attributes:
        module: what to convert.
        args: positional arguments of `forward`.
        kwargs: its keyword arguments.
        dynamic_shapes: which dimensions callers choose, as `litewright.convert` takes it.
    """

    module: torch.nn.Module
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    dynamic_shapes: Any = None


def samples_from(reference: str) -> dict[str, Sample]:
    """Calls the factory `MODULE:FUNCTION` or `path/to/file.py:FUNCTION`.

    Returns:
        What to convert, by signature.

    Raises:
        UserError: there is no such function, it fails, or it returns something else.
    """
    made = call_factory(reference)
    return {name: _sample(reference, each) for name, each in _by_signature(reference, made).items()}


def call_factory(reference: str) -> Any:
    """Calls the function `MODULE:FUNCTION` or `path/to/file.py:FUNCTION` without arguments.

    Raises:
        UserError: there is no such function, or it fails.
    """
    module_name, colon, function_name = reference.rpartition(":")
    if not colon or not module_name or not function_name:
        raise UserError(f"{reference!r} is not of the form MODULE:FACTORY or FILE.py:FACTORY")
    factory = getattr(load_module(module_name), function_name, None)
    if not callable(factory):
        raise UserError(f"{module_name} has no function {function_name!r}")
    return _guarded(factory, f"{reference} failed")


def requests_from(reference: str) -> list[ModuleRequest]:
    """What a factory returns, as the driver takes it; see `samples_from`."""
    from litewright.compiler.driver.request import ModuleRequest

    return [
        ModuleRequest(name, each.module, each.args, each.kwargs, each.dynamic_shapes)
        for name, each in samples_from(reference).items()
    ]


def load_module(name: str) -> ModuleType:
    """Imports a module by its dotted name, or a file that ends in `.py`, which is imported once.

    Raises:
        UserError: there is none, or it fails.
    """
    if name.endswith(".py"):
        return _load_file(Path(name))
    # As `python -m` does it.
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    return _guarded(lambda: importlib.import_module(name), f"cannot import {name}")


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    file = str(path.resolve())
    name = path.stem
    while (there := sys.modules.get(name)) is not None:
        if getattr(there, "__file__", None) == file:
            return there
        name += "_"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None, "files that end in .py have a loader"
    assert spec.loader is not None, "files that end in .py have a loader"
    module = importlib.util.module_from_spec(spec)
    # As `python FILE` does it: what lies beside the file can be imported.
    sys.path.insert(0, str(path.resolve().parent))
    # Dataclasses look up the module that they are defined in.
    sys.modules[name] = module
    execute = spec.loader.exec_module
    try:
        _guarded(lambda: execute(module), f"cannot import {path}")
    except LitewrightError:
        del sys.modules[name]
        raise
    return module


def _guarded(call: Any, what: str) -> Any:
    """Runs code of the user's, whose errors are not ours."""
    try:
        return call()
    except LitewrightError:
        raise
    except Exception as error:
        raise UserError(f"{what}: {type(error).__name__}: {error}") from error


def _by_signature(reference: str, made: object) -> dict[str, object]:
    if not isinstance(made, Mapping):
        return {_DEFAULT_SIGNATURE: made}
    found = dict(cast("Mapping[object, object]", made))
    if not found:
        raise UserError(f"{reference} returned an empty dict; {_WANTED}")
    return {str(name): each for name, each in found.items()}


def _sample(reference: str, made: Any) -> Sample:
    import torch

    parts: list[Any] = list(cast("tuple[Any, ...]", made)) if isinstance(made, tuple) else []
    if len(parts) not in (2, 3, 4) or not isinstance(parts[0], torch.nn.Module):
        raise UserError(f"{reference} returned {_kind(made)}; {_WANTED}")
    if not isinstance(parts[1], (tuple, list)):
        raise UserError(f"{reference} returned args of type {_kind(parts[1])}; write (x,)")
    kwargs: Any = parts[2] if len(parts) > 2 else {}
    if not isinstance(kwargs, Mapping):
        raise UserError(f"{reference} returned kwargs of type {_kind(kwargs)}, not a dict")
    args = tuple(cast("tuple[Any, ...]", parts[1]))
    shapes = parts[3] if len(parts) > 3 else None
    return Sample(parts[0], args, cast("Mapping[str, Any]", kwargs), shapes)


def _kind(value: Any) -> str:
    return type(value).__name__
