"""Modules, origins and source lines as numbered tables: a page names each of them once."""

from __future__ import annotations

import linecache
from collections.abc import Hashable, Mapping
from typing import Any, Generic, TypeVar

from ...ir.origin import Origin

_Item = TypeVar("_Item", bound=Hashable)

ROOT = 0
"""The number of the top module."""


class Table(Generic[_Item]):
    """Numbers for what is named often, in the order of first use."""

    def __init__(self) -> None:
        self._numbers: dict[_Item, int] = {}

    def number(self, item: _Item) -> int:
        """The number of an item, a new one if it has none."""
        return self._numbers.setdefault(item, len(self._numbers))

    def find(self, item: _Item) -> int | None:
        """The number of an item that may have none."""
        return self._numbers.get(item)

    def items(self) -> list[_Item]:
        """All items, by number."""
        return list(self._numbers)


class Origins:
    """The tables that rows of a page refer to.

    Attributes:
        strings: names of ops, types and attributes.
    """

    def __init__(self) -> None:
        self.strings = Table[str]()
        self._modules = Table[tuple[int, str]]()
        self._modules.number((-1, ""))
        self._parents = [-1]
        self._by_path: dict[str, int] = {"": ROOT}
        self._paths: dict[int, str] = {ROOT: ""}
        self._classes: dict[str, str] = {}
        self._labels = Table[str]()
        self._files = Table[str]()
        self._origins = Table[tuple[int, int, int, int]]()
        self._described: list[tuple[int, str]] = []

    def module(self, path: str) -> int:
        """The number of a module, by its dotted path; the modules around it get numbers before it."""
        known = self._by_path.get(path)
        if known is None:
            known, so_far = ROOT, ""
            for part in Origin(path).tensor_name.split("/"):
                so_far = f"{so_far}.{part}" if so_far else part
                parent, known = known, self._modules.number((known, part))
                if known == len(self._parents):
                    self._parents.append(parent)
                self._by_path[so_far] = known
                self._paths[known] = so_far
        return known

    def parent(self, module: int) -> int:
        """The module around another one."""
        return self._parents[module]

    def set_class(self, path: str, name: str) -> None:
        """Notes the class of a module. A container that calls nothing itself gets no number by that."""
        self._classes.setdefault(path, name)

    def origin(self, origin: Origin) -> int:
        """The number of an origin."""
        file = self._files.number(origin.file) if origin.file else -1
        module = self.module(origin.path)
        row = (module, self._labels.number(origin.label), file, origin.line)
        number = self._origins.number(row)
        if number == len(self._described):
            self._described.append((module, origin.label))
        return number

    def describe(self, number: int) -> tuple[int, str, str]:
        """Module, dotted path of the module and label of an origin."""
        module, label = self._described[number]
        return module, self._paths[module], label

    def payload(self) -> Mapping[str, Any]:
        """The tables, ready for JSON."""
        modules = [
            [parent, name, self._classes.get(self._paths[number], "")]
            for number, (parent, name) in enumerate(self._modules.items())
        ]
        return {
            "strings": self.strings.items(),
            "modules": modules,
            "labels": self._labels.items(),
            "files": self._files.items(),
            "origins": self._origins.items(),
            "source": self._source(),
        }

    def _source(self) -> list[dict[int, str]]:
        """By file, the text of the lines that are referred to, as far as it can be read."""
        files = self._files.items()
        found: list[dict[int, str]] = [{} for _ in files]
        for _, _, file, line in self._origins.items():
            text = linecache.getline(files[file], line).strip() if file >= 0 and line else ""
            if text:
                found[file][line] = text
        return found
