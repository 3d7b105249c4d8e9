"""The page on language models names the architectures that the tests try."""

import re
from pathlib import Path

from tests.generative.architectures import CONFIGS

_PAGE = Path(__file__).parents[2] / "docs" / "language-models.md"


def test_the_page_names_all_that_is_tried_and_nothing_else() -> None:
    text = _PAGE.read_text(encoding="utf-8")
    section = text.partition("## What is known to work")[2]
    listed = re.search(r"PyTorch's:\n\n(.*?)\n\n", section, re.DOTALL)
    assert listed is not None
    names = [name.strip() for name in listed[1].replace("\n", " ").split(",")]
    assert names == sorted(CONFIGS)
