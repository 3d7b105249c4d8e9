"""The page on language models names the architectures that the tests try."""

import re
from pathlib import Path

from tests.generative.architectures import CONFIGS, MORE
from tests.generative.test_multimodal import MODELS as MULTIMODAL

_PAGE = Path(__file__).parents[2] / "docs" / "language-models.md"


def test_the_page_names_all_that_is_tried_and_nothing_else() -> None:
    text = _PAGE.read_text(encoding="utf-8")
    section = text.partition("## What is known to work")[2]
    assert _listed_behind("PyTorch's:", section) == sorted(CONFIGS)
    assert _listed_behind("random weights:", section) == sorted(MORE)
    assert _listed_behind("So are tried:", section) == sorted(MULTIMODAL)


def _listed_behind(words: str, section: str) -> list[str]:
    listed = re.search(rf"{words}\n\n(.*?)\n\n", section, re.DOTALL)
    assert listed is not None
    return [name.strip() for name in listed[1].replace("\n", " ").split(",")]
