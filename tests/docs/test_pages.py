"""Every page of the documentation does what it says."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from litewright.compiler.driver.extensions import REGISTRY
from tests.support.pages import Block, Shell, agrees, blocks_of, run_page

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [page for page in sorted(DOCS.glob("*.md")) if blocks_of(page)]


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty current folder, from which can be imported; forgotten afterwards is what was registered."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    with REGISTRY.isolated():
        yield folder
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]


_LONG = ("debugging", "report", "targets", "write-a-lowering", "write-a-pass")


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=page.stem, marks=[pytest.mark.slow] if page.stem in _LONG else [])
        for page in PAGES
    ],
)
def test_page_does_what_it_says(page: Path, folder: Path) -> None:
    run_page(page, folder)


PAGE = """
```python
from swish import beta
x = beta + 1
```
```python
assert x == 2
y = 1 / 0
```
"""


def test_blocks_share_names_and_see_saved_files(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "swish", ModuleType("swish"))
    page = tmp_path / "page.md"
    page.write_text(f"```python\n# swish.py\nbeta = 1\n```\n{PAGE}")
    with pytest.raises(ZeroDivisionError) as caught:
        run_page(page, folder)
    assert caught.traceback[-1].path == page
    assert page.read_text().splitlines()[caught.traceback[-1].lineno] == "y = 1 / 0"


def test_blocks_that_are_not_run(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```python no-run\n1 / 0\n```\n```text\n$ false\n```\n```mlir\n// a.mlir\n```\n"
    )
    assert [(block.line, block.file_name) for block in blocks_of(page)] == [(8, "a.mlir")]


@pytest.mark.parametrize(
    "code",
    [
        "$ echo one\ntwo",
        "$ false",
        "$ echo Error: none\nError: none",
        "$ false\nnothing",
        "$ echo one; echo two\none",
        "nothing to run",
    ],
)
def test_a_command_that_does_something_else_is_noticed(code: str, folder: Path) -> None:
    with pytest.raises(AssertionError):
        Shell.beside(folder).run(Block(Path("page.md"), 1, "console", code))


def test_commands_are_this_checkouts(folder: Path) -> None:
    code = "$ litewright --version\nlitewright, version ...\n$ litewright opt x.mlir\nError: cannot read ..."
    Shell.beside(folder).run(Block(Path("page.md"), 1, "console", code))


@pytest.mark.parametrize(
    ("printed", "expected", "same"),
    [
        ("a\nb\nc\n", "a\n...\nc", True),
        ("a\nc\n", "a\n...\nc", True),
        ("a 1 b\n", "a ... b", True),
        ("a \n", "a", True),
        ("a\nb\n", "a", False),
        ("a\nb\n", "...\na", False),
        ("a.b\n", "a?b", False),
    ],
)
def test_expected_output(printed: str, expected: str, same: bool) -> None:
    assert agrees(printed, expected) is same
