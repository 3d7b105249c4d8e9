"""Every stage and pass as a numbered text file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from ..diagnostics import UserError
from ..ir.fx import FxProgram
from ..ir.mlir import ir
from ..ir.observer import Observer
from ..ir.program import Program
from .location_names import with_tree_names
from .value_names import with_stable_names

_UNFIT = re.compile(r"[^\w.-]+")
# Constants with more elements than this are elided.
_LARGE = 16

Dumped = Program | FxProgram


class DumpObserver(Observer[Dumped]):
    """Writes what every lowering and pass has made to `NN_name.mlir`, FX graphs to `NN_name.txt`.

    Numbers count from 00 over all that is dumped, so that a listing is the order in which things ran. When
    a pass fails, the program before it is written whole to `replay.mlir`, and the error tells how
    to run the pass on it.
    """

    def __init__(self, folder: Path, command: Callable[[str, Path], str] | None = None) -> None:
        """Creates the folder.

        Args:
            folder: where to write.
            command: of the names of passes, with commas, and a file: the command line that runs them on it.

        Raises:
            UserError: it cannot be created.
        """
        self._folder = folder
        self._command = command or _command
        self._count = 0
        self._last_graph = ""
        self._last_good: ir.OpView | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot create {folder}: {error.strerror or error}") from error

    def lowered(self, name: str, unit: Dumped) -> None:
        """Writes what a lowering has made.

        Raises:
            UserError: the file cannot be written.
        """
        self._dump(name, unit)

    def before(self, pass_name: str, unit: Dumped) -> None:
        """Keeps a copy, should the pass fail."""
        self._last_good = unit.module.operation.clone() if isinstance(unit, Program) else None

    def after(self, pass_name: str, unit: Dumped, *, changed: bool) -> None:
        """Writes the program, or that the pass has left it alone.

        Raises:
            UserError: the file cannot be written.
        """
        if changed:
            self._dump(pass_name, unit)
        else:
            self._write(self._next(pass_name, unit), f"// {pass_name} changed nothing\n")

    def failed(self, pass_name: str, unit: Dumped, error: Exception) -> None:
        """Writes the program before the pass, and tells how to replay the pass."""
        if isinstance(unit, FxProgram):
            error.add_note(f"the graph before it: {self._folder / self._last_graph}")
        elif self._last_good is not None:
            path = self._write(
                "replay.mlir",
                with_tree_names(self._last_good.operation.get_asm(enable_debug_info=True)),
            )
            error.add_note(f"to replay: {self._command(pass_name, path)}")

    def _dump(self, name: str, unit: Dumped) -> None:
        text = print_program(unit) if isinstance(unit, Program) else str(unit)
        path = self._write(self._next(name, unit), text)
        if isinstance(unit, FxProgram):
            self._last_graph = path.name

    def _next(self, name: str, unit: Dumped) -> str:
        suffix = "mlir" if isinstance(unit, Program) else "txt"
        self._count += 1
        return f"{self._count - 1:02}_{_UNFIT.sub('-', name)}.{suffix}"

    def _write(self, name: str, text: str) -> Path:
        path = self._folder / name
        try:
            path.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror or error}") from error
        return path


def _command(names: str, path: Path) -> str:
    return f"litewright opt {path} --pass {names}"


def print_program(program: Program) -> str:
    """The module as text: values named after their origins and ops, large constants elided."""
    text = program.module.operation.get_asm(
        enable_debug_info=True,
        use_local_scope=True,
        large_elements_limit=_LARGE,
        use_name_loc_as_prefix=True,
    )
    return with_tree_names(with_stable_names(text))
