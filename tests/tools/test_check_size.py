"""Each rule of the size budget fires when it should, and only then."""

from collections.abc import Callable
from pathlib import Path

import pytest

from litewright.tools import check_size

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes one module of a package and returns the root to check."""

    def _write(text: str) -> Path:
        folder = tmp_path / "passes"
        folder.mkdir()
        (folder / "__init__.py").touch()
        (folder / "one.py").write_text(text, encoding="utf-8")
        return tmp_path

    return _write


def _messages(root: Path) -> list[str]:
    violations, _ = check_size.check(root)
    return [violation.removeprefix(f"{root}/") for violation in violations]


@pytest.mark.parametrize(
    "text",
    [
        "def f(x: int, *rest: int, key: int = 0, **more: int) -> int:\n    return x\n",
        "class C:\n    def method(self, x: int) -> None: ...\n",
        "class C:\n    @classmethod\n    def make(cls) -> None: ...\n",
        "TABLE = {1: 2}\n",
        "def f() -> list[int]:\n    found = []\n    return found\n",
        "x = 1  # pyright: ignore[reportPrivateUsage]\n",
        "# prose may mention pyright: ignore\n",
        "# pyright: strict\n",
    ],
)
def test_accepted(write: Write, text: str) -> None:
    assert _messages(write(text)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(x) -> None: ...\n", "passes/one.py:1: f is not fully annotated"),
        ("def f(): ...\n", "passes/one.py:1: f is not fully annotated"),
        ("def f(*a) -> None: ...\n", "passes/one.py:1: f is not fully annotated"),
        (
            "class C:\n    @staticmethod\n    def g(x) -> None: ...\n",
            "passes/one.py:3: g is not fully annotated",
        ),
        ("RULES = {}\n", "passes/one.py:1: a module-level container starts empty"),
        ("RULES: list[int] = []\n", "passes/one.py:1: a module-level container starts empty"),
        ("RULES = defaultdict(list)\n", "passes/one.py:1: a module-level container starts empty"),
        (
            "x = 1  # type: ignore\n",
            "passes/one.py:1: an ignore names its rule: `# pyright: ignore[rule]`",
        ),
        (
            "x = 1  # pyright: ignore\n",
            "passes/one.py:1: an ignore names its rule: `# pyright: ignore[rule]`",
        ),
        (
            "# pyright: basic\n",
            "passes/one.py:1: an ignore names its rule: `# pyright: ignore[rule]`",
        ),
        ("x = 1  # pyright: ignore[a]\n" * 2, "2 type checker ignores in 2 lines; at most 1"),
    ],
)
def test_refused(write: Write, text: str, expected: str) -> None:
    assert _messages(write(text)) == [expected]


def test_long_file_and_function(write: Write) -> None:
    body = "    pass\n" * check_size.FUNCTIONS.maximum
    filler = "# filler\n" * check_size.FILES.maximum
    messages = _messages(write(f"def f() -> None:\n{body}{filler}"))
    assert messages == [
        "passes/one.py:1: 781 lines; at most 700",
        "passes/one.py:1: f has 81 lines; at most 80",
        "95 % of all lengths of a file reach 781; at most 450",
        "50 % of all lengths of a function reach 81; at most 8",
        "95 % of all lengths of a function reach 81; at most 45",
    ]


def test_folder_that_a_wheel_would_leave_out(write: Write) -> None:
    root = write("")
    (root / "passes" / "core").mkdir()
    (root / "passes" / "core" / "__init__.py").touch()
    (root / "passes" / "__init__.py").unlink()
    (root / "passes" / "one.py").unlink()
    assert _messages(root) == ["passes: has no __init__.py, so it is not packaged"]


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([], 50, 0), ([7], 95, 7), ([3, 1, 2], 50, 2), (range(1, 101), 95, 95)],
)
def test_percentile(values: list[int], percent: int, expected: int) -> None:
    assert check_size.percentile(values, percent) == expected
