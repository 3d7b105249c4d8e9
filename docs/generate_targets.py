"""Writes the list of ops in `targets.md` from the tables of the targets; the rest of the page is written by hand.

python docs/generate_targets.py
"""

from collections import defaultdict
from pathlib import Path

from litewright.compiler.targets import TARGETS, Target

PAGE = Path(__file__).with_name("targets.md")
BEGIN, END = "<!-- generated: python docs/generate_targets.py -->\n", "<!-- end -->\n"


def page() -> str:
    """The page with its list as the tables have it."""
    text = PAGE.read_text()
    head, _, rest = text.partition(BEGIN)
    tail = rest.partition(END)[2]
    return head + BEGIN + "\n" + "\n".join(map(_section, TARGETS)) + "\n" + END + tail


def _section(target: Target) -> str:
    same = next(other for other in TARGETS if other.rows == target.rows)
    composites = _composites(target)
    if same is not target:
        return "\n".join(
            [
                f"**`{target.name}`**, {target.description}. The ops of `{same.name}`.",
                "",
                *composites,
                "",
            ]
        )
    taken: list[str] = []
    never: dict[str, list[str]] = defaultdict(list)
    for name, checks in target.rows.items():
        op = name.removeprefix("tfl.").upper()
        if len(checks) == 1 and checks[0].__qualname__.startswith("refused."):
            never[str(checks[0](None))].append(op)
        else:
            taken.append(op)
    lines = [
        f"**`{target.name}`**, {target.description}. {len(taken)} ops: {', '.join(sorted(taken))}.",
        "",
    ]
    for reason, ops in sorted(never.items()):
        lines += [f"* not {', '.join(sorted(ops))}: {reason}"]
    return "\n".join([*lines, *composites, ""])


def _composites(target: Target) -> list[str]:
    if not target.composites:
        return []
    known = ", ".join(f"`{name}`" for name in sorted(target.composites))
    return [f"* composites: {known}; {'kept' if target.emits else 'none is kept'}"]


if __name__ == "__main__":
    PAGE.write_text(page())
