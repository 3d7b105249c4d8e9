"""Run in a process of its own: greedy text of a bundle by the engine of LiteRT-LM, as JSON.

`python -m tests.generative.engine_worker BUNDLE PROMPT ...` prints a list: the answer to each prompt. With `--turns N`
in front, the prompts are turns of one conversation, and answers have N tokens at most; with `--lora FILE`, the engine
has an adapter.
"""

import json
import sys
from typing import Any

import litert_lm


def main(path: str, prompts: list[str], turns: int | None, lora: str | None = None) -> None:
    """Prints the answers."""
    library: Any = litert_lm
    library.set_min_log_severity(library.LogSeverity.ERROR)
    engine = library.Engine(path, backend=library.Backend.CPU(), cache_dir=":nocache")
    answers: list[str] = []
    session: Any = None
    for prompt in prompts:
        if turns is None or session is None:
            adapter = None if lora is None else library.LoraConfig(lora_path=lora)
            session = engine.create_session(
                apply_prompt_template=False, max_output_tokens=turns, lora_config=adapter
            )
        session.run_prefill([prompt])
        answers.append(session.run_decode().texts[0])
    sys.stdout.write(json.dumps(answers))


if __name__ == "__main__":
    if sys.argv[1] == "--turns":
        main(sys.argv[3], sys.argv[4:], int(sys.argv[2]))
    elif sys.argv[1] == "--lora":
        main(sys.argv[3], sys.argv[4:], None, sys.argv[2])
    else:
        main(sys.argv[1], sys.argv[2:], None)
