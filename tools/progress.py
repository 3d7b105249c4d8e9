"""Progress on standard error, for people alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich import progress

Report = Callable[[str, float | None], None]


@contextlib.contextmanager
def stage_progress() -> Generator[Report | None]:
    """A callback that shows stages as they run; None where standard error is no terminal."""
    from rich import progress
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (
        progress.SpinnerColumn(finished_text="[green]✓"),
        progress.TextColumn("{task.description}"),
        progress.BarColumn(bar_width=24),
        progress.TimeElapsedColumn(),
    )
    with progress.Progress(*columns, console=console) as display:
        tasks: dict[str, progress.TaskID] = {}

        def report(stage: str, fraction: float | None) -> None:
            if stage not in tasks:
                _finish(display, tasks)
                tasks[stage] = display.add_task(stage, total=None)
            if fraction is not None:
                display.update(tasks[stage], total=1.0, completed=fraction)

        yield report
        _finish(display, tasks)


def _finish(display: progress.Progress, tasks: dict[str, progress.TaskID]) -> None:
    for task in tasks.values():
        display.update(task, total=1.0, completed=1.0)
