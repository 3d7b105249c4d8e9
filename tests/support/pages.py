"""Documentation that runs: the code blocks of a page, one after another, as a reader would run them.

    ```python                 runs in the page's namespace, which all its python blocks share
    ```console                `$ command` runs in a shell; the lines below it are what it prints, `...` standing
                              for anything. A command fails where they say `Error: ` at the start of a line, and
                              only there. Nothing below it: anything may be printed.
    ```LANGUAGE no-run        is not run; nor are blocks of other languages

A block whose first line is a comment that holds nothing but the name of a file (`# swish.py`, `// swish.mlir`)
is what the reader saves under that name. All of it happens in an empty folder, where `litewright` and
`python` are this checkout's.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import litewright

_FENCE = re.compile(r"^```(\w+)[ ]*([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE_NAME = re.compile(r"(?:#|//|<!--) ([\w./-]+\.\w+)(?: -->)?")
_SECONDS = 300


@dataclass(frozen=True)
class Block:
    """A code block of a page.

    Attributes:
        page: the file that it is in.
        line: where its code begins, counted from 1.
        language: what stands behind the fence.
        code: its lines.
    """

    page: Path
    line: int
    language: str
    code: str

    @property
    def file_name(self) -> str | None:
        """The name under which a reader saves the block, if it is a file."""
        found = _FILE_NAME.fullmatch(self.code.partition("\n")[0].strip())
        return found[1] if found else None

    @property
    def runs(self) -> bool:
        """Whether the block is saved or run."""
        return self.language in {"python", "console"} or self.file_name is not None

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page that are saved or run, in order."""
    text = page.read_text(encoding="utf-8")
    blocks: list[Block] = []
    for found in _FENCE.finditer(text):
        line = text.count("\n", 0, found.start(3)) + 1
        block = Block(page, line, found[1], found[3])
        if block.runs and "no-run" not in found[2].split():
            blocks.append(block)
    return blocks


def run_page(page: Path, folder: Path) -> None:
    """Does what a page says, in an empty folder, which must be the current one.

    Raises:
        AssertionError: a command printed something else, or failed where it should not, or the reverse.
    """
    shell = Shell.beside(folder)
    namespace: dict[str, Any] = {"__name__": page.stem.replace("-", "_")}
    for block in blocks_of(page):
        if block.file_name is not None:
            path = folder / block.file_name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.code, encoding="utf-8")
            # Another page, or a test, may have imported another file of this name.
            if path.suffix == ".py":
                sys.modules.pop(path.stem, None)
        elif block.language == "python":
            # Tracebacks, and origins of ops, name the line of the page.
            source = "\n" * (block.line - 1) + block.code
            exec(compile(source, str(page), "exec"), namespace)
        else:
            shell.run(block)


@dataclass(frozen=True)
class Shell:
    """A shell that finds this checkout's `litewright` and `python`.

    Attributes:
        folder: where commands run.
        environment: their environment.
    """

    folder: Path
    environment: dict[str, str]

    @classmethod
    def beside(cls, folder: Path) -> Shell:
        """A shell in a folder, with the command line tool in a folder of its own."""
        binaries = folder.with_name(f"{folder.name}-bin")
        binaries.mkdir(exist_ok=True)
        tool = binaries / "litewright"
        python = shlex.quote(sys.executable)
        tool.write_text(f'#!/bin/sh\nexec {python} -m litewright.tools.main "$@"\n')
        tool.chmod(0o755)
        path = f"{binaries}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        source = str(Path(litewright.__file__).parents[1])
        # As wide as the pages are: tables are broken to the width of the terminal.
        columns = {"COLUMNS": "100"}
        return cls(folder, {**os.environ, "PATH": path, "PYTHONPATH": source, **columns})

    def run(self, block: Block) -> None:
        """Runs the commands of a block and compares what they print; see the module's docstring."""
        for command, expected in _commands(block.code):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
            shown = f"{block}: $ {command}\n{done.stdout}"
            fails = re.search(r"^Error: ", expected, re.MULTILINE) is not None
            assert fails == (done.returncode != 0), f"{shown}exit code {done.returncode}"
            assert not expected or agrees(done.stdout, expected), f"{shown}--- not\n{expected}"


def _commands(code: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with the lines that it is to print."""
    joined = code.replace("\\\n", " ")
    head, *parts = re.split(r"^\$ ", joined, flags=re.MULTILINE)
    assert not head.strip(), f"a console block begins with `$ `, not with {head!r}"
    for part in parts:
        command, _, expected = part.partition("\n")
        yield command, expected.strip("\n")


def agrees(printed: str, expected: str) -> bool:
    """Whether a text is what is expected, `...` standing for anything; spaces at ends of lines are ignored."""
    pieces = (
        r"(?:.*\n)??" if line.strip() == "..." else re.escape(line.rstrip()) + "\n"
        for line in expected.splitlines()
    )
    pattern = "".join(pieces).replace(re.escape("..."), ".*?")
    lines = "".join(line.rstrip() + "\n" for line in printed.strip("\n").splitlines())
    return re.fullmatch(pattern, lines, re.DOTALL) is not None
