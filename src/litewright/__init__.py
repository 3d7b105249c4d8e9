"""litewright compiles PyTorch models to TFLite flatbuffers for the LiteRT runtime.

This is the public API. Its names are loaded on first use, so that `import litewright` costs
milliseconds: it imports neither torch nor jax nor numpy.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litewright import quantize as quantize
    from litewright.compiler.api import EdgeModel as EdgeModel
    from litewright.compiler.api import compile as compile
    from litewright.compiler.api import convert as convert
    from litewright.compiler.api import read as read
    from litewright.compiler.api import signature as signature
    from litewright.compiler.debugging import bisect as bisect
    from litewright.compiler.debugging import diff as diff
    from litewright.compiler.diagnostics import ExportError as ExportError
    from litewright.compiler.diagnostics import FormatError as FormatError
    from litewright.compiler.diagnostics import InternalError as InternalError
    from litewright.compiler.diagnostics import LitewrightError as LitewrightError
    from litewright.compiler.diagnostics import PassError as PassError
    from litewright.compiler.diagnostics import UnsupportedError as UnsupportedError
    from litewright.compiler.diagnostics import UserError as UserError
    from litewright.compiler.diagnostics import VerifyError as VerifyError
    from litewright.compiler.diagnostics import WriteError as WriteError
    from litewright.compiler.extend import DEFAULT as DEFAULT
    from litewright.compiler.extend import EMPTY as EMPTY
    from litewright.compiler.extend import PassPlan as PassPlan
    from litewright.compiler.extend import place as place
    from litewright.compiler.extend import register_composite as register_composite
    from litewright.compiler.extend import register_legalisation as register_legalisation
    from litewright.compiler.extend import register_lowering as register_lowering
    from litewright.compiler.extend import register_pass as register_pass
    from litewright.compiler.extend import register_target as register_target
    from litewright.compiler.files import replacing as replacing
    from litewright.compiler.runtime.session import Session as Session
    from litewright.compiler.weights.checkpoint import open_checkpoint as open_checkpoint

__version__ = "0.1.0"

# The imports above are for checkers, this table is for Python; a test holds them together.
_NAMES_OF = {
    "compiler.api": ("EdgeModel", "compile", "convert", "read", "signature"),
    "compiler.debugging": ("bisect", "diff"),
    "compiler.diagnostics": (
        "ExportError",
        "FormatError",
        "InternalError",
        "LitewrightError",
        "PassError",
        "UnsupportedError",
        "UserError",
        "VerifyError",
        "WriteError",
    ),
    "compiler.extend": (
        "DEFAULT",
        "EMPTY",
        "PassPlan",
        "place",
        "register_composite",
        "register_legalisation",
        "register_lowering",
        "register_pass",
        "register_target",
    ),
    "compiler.files": ("replacing",),
    "compiler.runtime.session": ("Session",),
    "compiler.weights.checkpoint": ("open_checkpoint",),
}
# Modules of the public API, which are loaded on first use too.
_MODULES = ("quantize",)
# Modules of names of their own, which import torch.
_SUBMODULES = ("composites",)
_MODULE_OF = {
    **{name: f"litewright.{module}" for module, names in _NAMES_OF.items() for name in names},
    **dict.fromkeys(_MODULES, __name__),
}

if not TYPE_CHECKING:  # A checker that saw this would believe in any name.

    def __getattr__(name: str) -> object:
        if name in _SUBMODULES:
            return importlib.import_module(f"{__name__}.{name}")
        if name in _MODULES:
            return importlib.import_module(f"{__name__}.{name}")
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(_MODULE_OF[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF, *_SUBMODULES})
