"""Run in a process of its own: conversations as LiteRT-LM's engine renders them.

`python render.py BUNDLE` reads {"template": ..., "conversations": [...]} and prints a
list of texts.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any


def main(bundle: str) -> None:
    """Renders what standard input asks for."""
    library: Any = importlib.import_module("litert_lm")
    library.set_min_log_severity(library.LogSeverity.ERROR)
    asked = json.load(sys.stdin)
    engine = library.Engine(bundle, backend=library.Backend.CPU(), cache_dir=":nocache")
    texts: list[str] = []
    for *earlier, last in asked["conversations"]:
        conversation = engine.create_conversation(
            messages=earlier or None, chat_template=asked["template"]
        )
        texts.append(conversation.render_message_to_string(last))
    sys.stdout.write(json.dumps(texts))


if __name__ == "__main__":
    main(sys.argv[1])
