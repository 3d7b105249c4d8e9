"""Holds the size budget of the code: `python -m litewright.tools.check_size [ROOT]`.

Small files and short, fully annotated functions are what keeps a compiler open to change, and
they erode one reasonable exception at a time. So the limits are measured, over all Python files
of the package; tests are not counted. Prints each violation as `file:line: message` and the
distribution of sizes, and exits with 1 if there was any violation.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("compiler", "passes", "lowering", "generative", "tools")

_COUNTED_IGNORE = re.compile(r"#\s*(pyright:(?!\s*strict\b)|type:\s*ignore)")
_NAMED_IGNORE = re.compile(r"#\s*pyright:\s*ignore\[\w+(,\s*\w+)*\]")
_CONTAINER_CALLS = frozenset(
    {"Counter", "OrderedDict", "defaultdict", "deque", "dict", "list", "set"}
)

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Budget:
    """Upper limits on one distribution of lengths, in lines."""

    what: str
    median: int
    p95: int
    maximum: int


FILES = Budget("file", median=150, p95=450, maximum=700)
FUNCTIONS = Budget("function", median=8, p95=45, maximum=80)
IGNORES_PER_1000_LINES = 1


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed Python file."""

    path: Path
    text: str
    tree: ast.Module

    @classmethod
    def read(cls, path: Path) -> "Source":
        """Reads and parses the file at `path`."""
        text = path.read_text(encoding="utf-8")
        return cls(path, text, ast.parse(text, str(path)))

    @property
    def lines(self) -> int:
        """Physical lines, blank ones included."""
        return len(self.text.splitlines())

    def functions(self) -> Iterator[_Function]:
        """All functions and methods, nested ones too."""
        return (n for n in ast.walk(self.tree) if isinstance(n, _Function))

    def comments(self) -> Iterator[tuple[int, str]]:
        """Line number and text of each comment."""
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def length(function: _Function) -> int:
    """Lines of a function from `def` to its end, docstring included, decorators not."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def unannotated(tree: ast.Module) -> Iterator[_Function]:
    """Functions with a parameter or result that has no annotation; `self` and `cls` need none."""
    methods = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for child in node.body
        if isinstance(child, _Function) and not _is_static(child)
    }
    for node in ast.walk(tree):
        if not isinstance(node, _Function):
            continue
        arguments = node.args
        bound = 1 if node in methods else 0
        positional = [*arguments.posonlyargs, *arguments.args][bound:]
        variadic = [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
        given = [*positional, *arguments.kwonlyargs, *variadic]
        if node.returns is None or any(a.annotation is None for a in given):
            yield node


def _is_static(function: _Function) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in function.decorator_list)


def empty_containers(tree: ast.Module) -> Iterator[int]:
    """Lines of module-level containers that start empty: registries that someone fills later."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and _is_empty(node.value):
            yield node.lineno


def _is_empty(value: ast.expr | None) -> bool:
    match value:
        case ast.Dict(keys=[]) | ast.List(elts=[]):
            return True
        case ast.Call(func=ast.Name("defaultdict")):
            return True
        case ast.Call(func=ast.Name(name), args=[], keywords=[]):
            return name in _CONTAINER_CALLS
        case _:
            return False


def percentile(values: Sequence[int], percent: int) -> int:
    """The smallest value that at least `percent` per cent of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else 0


def file_violations(source: Source) -> Iterator[str]:
    """What one file does wrong by itself."""
    where = source.path
    if source.lines > FILES.maximum:
        yield f"{where}:1: {source.lines} lines; at most {FILES.maximum}"
    for function in source.functions():
        if length(function) > FUNCTIONS.maximum:
            size = f"{length(function)} lines; at most {FUNCTIONS.maximum}"
            yield f"{where}:{function.lineno}: {function.name} has {size}"
    for function in unannotated(source.tree):
        yield f"{where}:{function.lineno}: {function.name} is not fully annotated"
    for line in empty_containers(source.tree):
        yield f"{where}:{line}: a module-level container starts empty"
    for line, comment in source.comments():
        if _COUNTED_IGNORE.match(comment) and not _NAMED_IGNORE.match(comment):
            yield f"{where}:{line}: an ignore names its rule: `# pyright: ignore[rule]`"


def distribution_violations(budget: Budget, values: Sequence[int]) -> Iterator[str]:
    """What the lengths of all files, or all functions, do wrong together."""
    for percent, limit in ((50, budget.median), (95, budget.p95)):
        if percentile(values, percent) > limit:
            found = percentile(values, percent)
            yield f"{percent} % of all lengths of a {budget.what} reach {found}; at most {limit}"


def ignore_violations(sources: Sequence[Source]) -> Iterator[str]:
    """Too many ignores for the amount of code; the first one is free."""
    count = sum(bool(_COUNTED_IGNORE.match(c)) for s in sources for _, c in s.comments())
    lines = sum(s.lines for s in sources)
    allowed = max(1, lines * IGNORES_PER_1000_LINES // 1000)
    if count > allowed:
        yield f"{count} type checker ignores in {lines} lines; at most {allowed}"


def package_violations(root: Path, paths: Sequence[Path]) -> Iterator[str]:
    """Folders that a wheel would leave out, with all below them, without a word."""
    for folder in sorted({folder for path in paths for folder in path.parents}):
        if root in folder.parents and not (folder / "__init__.py").exists():
            yield f"{folder}: has no __init__.py, so it is not packaged"


def check(root: Path) -> tuple[list[str], str]:
    """Violations of all the code under `root`, and a line that sums up its sizes."""
    paths = sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.py"))
    sources = [Source.read(path) for path in paths]
    files = [source.lines for source in sources]
    functions = [length(function) for source in sources for function in source.functions()]
    violations = [
        *package_violations(root, paths),
        *(violation for source in sources for violation in file_violations(source)),
        *distribution_violations(FILES, files),
        *distribution_violations(FUNCTIONS, functions),
        *ignore_violations(sources),
    ]
    return violations, f"{_summary('files', files)}; {_summary('functions', functions)}"


def _summary(what: str, values: Sequence[int]) -> str:
    sizes = " / ".join(str(percentile(values, percent)) for percent in (50, 95, 100))
    return f"{len(values)} {what}, lines median / p95 / max {sizes}"


def main() -> int:
    """Checks the repository that this file, or the first argument, belongs to."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    violations, summary = check(root)
    for violation in violations:
        print(violation)
    print(summary)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
