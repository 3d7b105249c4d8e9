"""Passes and rules as Python that imports them, for reproducers."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from litewright.passes.core import PatternRule, Rule, RuleSet

from ..plan import AnyPass


@dataclass(frozen=True, slots=True)
class Reference:
    """How something is written in another file.

    Attributes:
        expression: what to write.
        imports: the statements that it needs, in order.
    """

    expression: str
    imports: tuple[str, ...]


def reference_to_pass(item: AnyPass) -> Reference | None:
    """A pass; None if it cannot be imported, being defined inside a function."""
    if isinstance(item, RuleSet):
        rules = [reference_to_rule(each) for each in item.members]
        known = [each for each in rules if each is not None]
        if len(known) < len(rules):
            return None
        members = "".join(f"{each.expression}, " for each in known)
        imports = ["from litewright.passes.core import RuleSet"]
        imports += [line for each in known for line in each.imports]
        expression = f"RuleSet({item.title!r}, ({members.strip()}))"
        return Reference(expression, tuple(dict.fromkeys(imports)))
    found = _importing(type(item).__module__, type(item).__qualname__)
    if found is None:
        return None
    imports = dict.fromkeys([*found.imports, *_imports_of(item)])
    return Reference(_call(found, item), tuple(imports))


def reference_to_rule(item: Rule) -> Reference | None:
    """A rule, or the class of the pattern rule that it was made of; None if no module has it."""
    module = sys.modules.get(item.defined_in)
    for name, value in vars(module).items() if module is not None else ():
        if value is item:
            return _importing(item.defined_in, name)
        if isinstance(value, type) and issubclass(value, PatternRule) and value is not PatternRule:
            found = _importing(item.defined_in, name)
            if found is not None and value.rule().name == item.name:
                return dataclasses.replace(found, expression=f"{found.expression}.rule()")
    return None


def import_of(module: str) -> tuple[str, ...]:
    """The statements that import a module for what it registers."""
    path = _path_line(module)
    if module == "__main__":
        return _running(module)
    return (*path, f"import {module}")


def _call(found: Reference, item: AnyPass) -> str:
    given = [
        f"{field.name}={getattr(item, field.name)!r}"
        for field in dataclasses.fields(item)
        if getattr(item, field.name) != field.default
    ]
    return f"{found.expression}({', '.join(given)})"


def _imports_of(value: object) -> Iterator[str]:
    """What the options of a pass import, where they are data themselves."""
    if isinstance(value, tuple | list):
        for each in cast("Sequence[object]", value):
            yield from _imports_of(each)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        found = _importing(type(value).__module__, type(value).__qualname__)
        yield from found.imports if found is not None else ()
        for each in dataclasses.fields(value):
            yield from _imports_of(getattr(value, each.name))


def _importing(module: str, name: str) -> Reference | None:
    if "<locals>" in name:
        return None
    if module == "__main__":
        lines = _running(module)
        return Reference(f"DEFINED[{name!r}]", lines) if lines else None
    top = name.partition(".")[0]
    return Reference(name, (*_path_line(module), f"from {module} import {top}"))


def _running(module: str) -> tuple[str, ...]:
    """How to get at what a script defines."""
    file = _file_of(module)
    if file is None:
        return ()
    return (
        "import runpy",
        '# For what it defines: its own work must stand behind `if __name__ == "__main__":`.',
        f'DEFINED = runpy.run_path({str(file)!r}, run_name="defined")',
    )


def _path_line(module: str) -> tuple[str, ...]:
    """Where Python finds a module that no environment has."""
    file = _file_of(module)
    if file is None or module.startswith("litewright.") or "site-packages" in file.parts:
        return ()
    depth = module.count(".") + (file.name == "__init__.py")
    return ("import sys", f"sys.path.insert(0, {str(file.parents[depth])!r})")


def _file_of(module: str) -> Path | None:
    file = getattr(sys.modules.get(module), "__file__", None)
    return None if file is None else Path(file).resolve()
