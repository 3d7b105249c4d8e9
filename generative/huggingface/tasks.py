"""What encoders are for: which class of transformers builds them, and what they return."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import litewright

from .descriptions import config_of
from .sentence import MODULES

EMBEDDING = "embedding"


@dataclass(frozen=True, slots=True)
class Task:
    """What an encoder is for.

    Attributes:
        name: as the hub of Hugging Face calls it.
        model: the class of transformers that builds it.
        outputs: what it returns.
        by_token: whether each token has results of its own.
        takes_pairs: whether texts come in pairs, told apart by `token_type_ids`.
    """

    name: str
    model: str
    outputs: tuple[str, ...] = ("logits",)
    by_token: bool = False
    takes_pairs: bool = False

    @property
    def head(self) -> str:
        """How the names of architectures end."""
        return self.model.removeprefix("AutoModel")


EMBED = Task("feature-extraction", "AutoModel", (EMBEDDING,))
TASKS = (
    EMBED,
    Task("fill-mask", "AutoModelForMaskedLM", by_token=True),
    Task("text-classification", "AutoModelForSequenceClassification", takes_pairs=True),
    Task("token-classification", "AutoModelForTokenClassification", by_token=True),
    Task(
        "question-answering",
        "AutoModelForQuestionAnswering",
        ("start_logits", "end_logits"),
        by_token=True,
        takes_pairs=True,
    ),
)


def task_of(folder: Path, name: str | None = None) -> Task:
    """The task of that name; without, the one that a checkpoint folder was made for.

    Raises:
        UserError: there is no such task, or no `config.json` that is a JSON object.
    """
    if name is not None:
        found = [each for each in TASKS if each.name == name]
        if not found:
            known = ", ".join(each.name for each in TASKS)
            raise litewright.UserError(f"there is no task {name!r}, only {known}")
        return found[0]
    if (folder / MODULES).is_file():
        return EMBED
    heads: Any = config_of(folder).get("architectures") or [""]
    return next((each for each in TASKS[1:] if str(heads[0]).endswith(each.head)), EMBED)
