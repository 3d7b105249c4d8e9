"""Every stage and pass as a numbered text file."""

from __future__ import annotations

import re
from pathlib import Path

from ..diagnostics import UserError
from ..ir.program import Program

_UNFIT = re.compile(r"[^\w.-]+")
# Constants with more elements than this are elided.
_LARGE = 16


class DumpObserver:
    """Writes the program after every pass to `NN_pass-name.mlir`; an observer of pipelines.

    Numbers count from 00 over all that is dumped, so that a listing is the order in which things ran.
    """

    def __init__(self, folder: Path) -> None:
        """Creates the folder.

        Raises:
            UserError: it cannot be created.
        """
        self._folder = folder
        self._count = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot create {folder}: {error.strerror or error}") from error

    def before(self, pass_name: str, program: Program) -> None:
        """Nothing: what a pass begins with is what the one before has left."""

    def after(self, pass_name: str, program: Program, *, changed: bool) -> None:
        """Writes the program, or that the pass has left it alone.

        Raises:
            UserError: the file cannot be written.
        """
        text = print_program(program) if changed else f"// {pass_name} changed nothing\n"
        self._write(pass_name, "mlir", text)

    def stage(self, name: str, text: str) -> None:
        """Writes a text that is no MLIR, such as an FX graph.

        Raises:
            UserError: the file cannot be written.
        """
        self._write(name, "txt", text)

    def _write(self, name: str, suffix: str, text: str) -> None:
        path = self._folder / f"{self._count:02}_{_UNFIT.sub('-', name)}.{suffix}"
        self._count += 1
        try:
            path.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror or error}") from error


def print_program(program: Program) -> str:
    """The module as text: values named after their origins, large constants elided."""
    operation = program.module.operation
    return operation.get_asm(
        enable_debug_info=True,
        use_local_scope=True,
        large_elements_limit=_LARGE,
        use_name_loc_as_prefix=True,
    )
