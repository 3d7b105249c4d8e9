"""Where an op comes from in the user's model, carried in MLIR locations.

An origin is printed as `loc("model.layers.0.self_attn.q_proj.linear"("model.py":12:0))`: the module
path with the op's own label as last part, and the line of the user's code that called it. Tensor
names in the file, the tree that Model Explorer draws and every error message are made from it.
"""

from __future__ import annotations

from dataclasses import dataclass

from .mlir import ir


@dataclass(frozen=True, slots=True)
class Origin:
    """The module path, op label and source line behind an op.

    Attributes:
        path: dotted module path (`encoder.layer.0.attention`), empty for the top module.
        label: what the op does (`linear`, `add`).
        file: the user's source file, if known.
        line: the line in it, counted from 1; 0 if unknown.
    """

    path: str = ""
    label: str = ""
    file: str = ""
    line: int = 0

    @property
    def name(self) -> str:
        """Module path and label joined by a dot."""
        return ".".join(part for part in (self.path, self.label) if part)

    @property
    def tensor_name(self) -> str:
        """The name with `/` between modules: `model/layers.0/self_attn/q_proj/linear`."""
        parts: list[str] = []
        for part in self.name.split("."):
            if part.isdigit() and parts:
                parts[-1] += f".{part}"
            else:
                parts.append(part)
        return "/".join(parts)

    def location(self) -> ir.Location:
        """The MLIR location that carries this origin, in the current context."""
        child = ir.Location.file(self.file, self.line, 0) if self.file else None
        return ir.Location.name(self.name, child) if self.name else (child or ir.Location.unknown())

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.file else ""
        return f"{self.name} ({where})" if self.name and where else self.name or where or "unknown"


def origin_of(location: ir.Location) -> Origin:
    """Reads back what `Origin.location` wrote; of fused and call-site locations the first that tells."""
    if isinstance(location, ir.NameLoc):
        path, _, label = location.name_str.rpartition(".")
        inner = origin_of(location.child_loc)
        return Origin(path, label, inner.file, inner.line)
    if isinstance(location, ir.FileLineColLoc):
        return Origin(file=location.filename, line=location.start_line)
    if isinstance(location, ir.CallSiteLoc):
        return origin_of(location.callee)
    if isinstance(location, ir.FusedLoc):
        found = (origin_of(inner) for inner in location.locations)
        return next((origin for origin in found if origin != Origin()), Origin())
    return Origin()
