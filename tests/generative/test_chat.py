"""Chat templates: LiteRT-LM renders what Hugging Face renders, or no bundle is written."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import transformers

import litewright
from litewright.generative.bundle.chat import adapted
from litewright.generative.bundle.reading import open_bundle
from litewright.generative.huggingface.bundling import export_checkpoint
from tests.support.slow import slow_but

_FOLDER = Path(__file__).parents[1] / "data" / "docs-llama"
_LIBRARY: Any = transformers

_MARKED = """{{ bos_token }}{% for m in messages %}<|{{ m['role'] }}|>
{{ m['content'] | trim }}{{ eos_token }}
{% endfor %}{% if add_generation_prompt %}<|assistant|>
{% endif %}"""
_JOINED = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + "
    "'<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
_WITHOUT_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}[{{ m.role }}] {{ m.content }}{% endfor %}"
)


def _folder(tmp_path: Path, template: str) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(_FOLDER, folder)
    (folder / "chat_template.jinja").write_text(template)
    return folder


@pytest.mark.parametrize("template", slow_but((_JOINED,), (_MARKED, _JOINED, _WITHOUT_SYSTEM)))
def test_a_template_is_rendered_alike(tmp_path: Path, template: str) -> None:
    folder = _folder(tmp_path, template)
    path = tmp_path / "model.litertlm"
    export_checkpoint(folder, path, prefill_lengths=(8,), cache_length=32, proof=False)
    tokenizer = _LIBRARY.AutoTokenizer.from_pretrained(folder)
    assert open_bundle(path).metadata().jinja_prompt_template == adapted(template, tokenizer)


@pytest.mark.parametrize(
    "template",
    [
        "{% for m in messages %}{{ m.content.upper_case_please() }}{% endfor %}",
        "{% for m in messages %}{{ m.content.swapcase() }}{% endfor %}",
    ],
)
def test_a_template_that_cannot_be_rendered_is_refused(tmp_path: Path, template: str) -> None:
    path = tmp_path / "model.litertlm"
    with pytest.raises(litewright.UserError, match="chat template"):
        export_checkpoint(_folder(tmp_path, template), path, cache_length=32, prefill_lengths=(8,))
    assert not path.exists()
