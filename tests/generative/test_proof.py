"""The proof can fail, and says where; what it measures is what it says."""

import math
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from torch import Tensor

import litewright
from litewright.compiler.driver.extensions import REGISTRY
from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import Program, body_of
from litewright.generative.huggingface import attention, bundling, diverging, reference, rows
from litewright.generative.huggingface.bundling import export_checkpoint
from litewright.generative.huggingface.loading import open_checkpoint
from litewright.generative.huggingface.proof import outcome_of
from litewright.generative.huggingface.reading import NEUTRAL, Reading
from litewright.generative.huggingface.reference import reference_logits
from litewright.generative.huggingface.trials import Trial, Turn
from litewright.generative.layers.dot_product_attention import dot_product_attention
from litewright.passes.core import Pass
from tests.compiler.driver.wrong import wrong_mul
from tests.generative.architectures import build
from tests.support.tolerances import TOLERANCES, assert_close, relative_error

_FOLDER = Path(__file__).parents[1] / "data" / "docs-llama"
_LIBRARY: Any = transformers


@dataclass(frozen=True)
class WrongDecode(Pass[Program]):
    """logistic -> tanh, in one signature."""

    def run(self, unit: Program) -> bool:
        changed = False
        for function in unit.signatures():
            for op in list(body_of(function).operations):
                if function.name.value == "decode" and op_name(op) == "tfl.logistic":
                    with ir.InsertionPoint(op), op.location:
                        made = tfl.emit("tanh", list(op.operands), op.results[0].type)
                    op.results[0].replace_all_uses_with(made)
                    op.erase()
                    changed = True
        return changed


@pytest.fixture(autouse=True)
def _isolated() -> Iterator[None]:
    with REGISTRY.isolated():
        yield


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    build("llama").save_pretrained(tmp_path / "llama")
    (tmp_path / "out").mkdir()
    return tmp_path / "llama"


def _refusal(folder: Path, **options: Any) -> str:
    """What export_checkpoint says, having written nothing."""
    out = folder.parent / "out"
    with pytest.raises(litewright.UserError) as raised:
        export_checkpoint(
            folder, out / "m.tflite", prefill_lengths=(4,), cache_length=16, **options
        )
    assert not list(out.iterdir())
    return str(raised.value)


def test_a_wrong_pass_is_named_with_its_op_and_module(llama: Path) -> None:
    message = _refusal(llama, passes=[litewright.place(wrong_mul, stage="tfl")])
    assert "does not say what PyTorch says" in message
    assert re.search(r"prefill of 4, filled: error \S+, first at position 4\n", message)
    assert "first wrong: pass wrong-mul (tfl), in signature prefill_4: kv_cache_k_0" in message
    assert "first wrong op: tfl.mul\n  module  model.layers.0.input_layernorm\n" in message
    assert re.search(r"source  \S+modeling_llama.py:\d+\n", message)


@pytest.mark.slow
def test_what_is_wrong_in_decode_alone_is_found_there(llama: Path) -> None:
    message = _refusal(llama, passes=[litewright.place(WrongDecode(), stage="tfl")])
    assert "first wrong: pass wrong-decode (tfl), in signature decode" in message
    assert "first wrong op: tfl.logistic\n  module  model.layers.0.mlp" in message


@pytest.mark.slow
def test_what_was_captured_wrongly_is_no_steps_fault(
    llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_mask(query: Tensor, key: Tensor, value: Tensor, _: Tensor, **__: Any) -> Tensor:
        return dot_product_attention(query, key, value, None)

    monkeypatch.setattr(attention, "dot_product_attention", without_mask)
    message = _refusal(llama)
    assert "every step of the conversion keeps what was captured" in message
    place = r"model.layers.0.self_attn \(LlamaAttention, modeling_llama.py:\d+\)"
    assert re.search(f"first wrong module: {place}", message), message
    assert "first at position" in message


def test_weights_that_do_not_fit_the_memory_are_not_searched(
    llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diverging, "_memory", lambda: 1000)
    message = _refusal(llama, passes=[litewright.place(wrong_mul, stage="tfl")])
    assert "first at position" in message
    assert "the first wrong op was not looked for" in message


def test_quantised_models_are_refused_where_numbers_are_not_finite(
    llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diverging, "_memory", lambda: 0)
    place = litewright.place(wrong_mul, stage="tfl")
    assert "error inf" in _refusal(llama, passes=[place], quant_config="dynamic_int8")


@pytest.mark.parametrize("nothing", [0.0, float("nan"), float("inf")])
def test_nothing_is_near_to_what_is_no_reference(nothing: float) -> None:
    expected = np.full((2, 5), nothing, np.float32)
    for made in (expected, np.ones_like(expected)):
        assert outcome_of(Trial("two", (Turn(1, 2),)), made, expected).error == float("inf")


@pytest.mark.parametrize("name", ["llama", "llama4"])
def test_the_reference_is_the_model(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The code of Llama 4 asks a matrix where it is before that is read.
    monkeypatch.setattr(reference, "_SMALL", 64)
    model = build(name)
    model.save_pretrained(tmp_path / "model")
    tokens = list(range(3, 25))
    with torch.no_grad():
        expected = model(torch.tensor([tokens])).logits[0].numpy()
    checkpoint = open_checkpoint(tmp_path / "model")
    before = dict(checkpoint.model.named_parameters())
    made = reference_logits(checkpoint, tokens, range(len(tokens)))
    assert_close(made, expected, "float32 model")
    after = dict(checkpoint.model.named_parameters())
    assert all(after[key] is each for key, each in before.items())


@pytest.mark.parametrize("name", ["gemma3", "gemma3n", "gpt2", "mpt", "bloom", "llama4"])
def test_a_text_in_parts_has_the_logits_of_the_whole(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(name).save_pretrained(tmp_path)
    checkpoint = open_checkpoint(tmp_path)
    text, positions = list(range(3, 33)), [0, 3, 4, 11, 29]
    # Matrices are read for each run of their modules, as those of large models are.
    monkeypatch.setattr(reference, "_SMALL", 64)
    whole = reference_logits(checkpoint, text, positions)
    told: list[float] = []
    monkeypatch.setattr(reference, "_MOST_SCORES", 4 * len(text) * 7)
    parts = reference_logits(checkpoint, text, positions, lambda _, done: told.append(done or 0))
    assert relative_error(parts, whole) <= TOLERANCES["float32 model"]
    assert relative_error(parts[1:], whole[:-1]) > 0.01
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize("name", ["gemma3n", "opt", "phi", "llama tied"])
def test_large_matrices_are_read_by_rows(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build(name)
    model.save_pretrained(tmp_path)
    checkpoint = open_checkpoint(tmp_path)
    read: list[tuple[int, ...]] = []
    tensor_of = reference.tensor_of
    monkeypatch.setattr(reference, "_SMALL", 64)
    monkeypatch.setattr(reference, "_LARGE", 300)
    monkeypatch.setattr(rows, "_AT_ONCE", 32 * 7)
    monkeypatch.setattr(
        reference, "tensor_of", lambda source: read.append(source.shape) or tensor_of(source)
    )
    text, positions = [5, 9, 5, 90, 3, 17, 9], [0, 2, 6]
    with torch.no_grad():
        expected = model(torch.tensor([text])).logits[0, positions].numpy()
    actual = reference_logits(checkpoint, text, positions)
    assert relative_error(actual, expected) <= TOLERANCES["float32 model"]
    assert read
    assert max(math.prod(shape) for shape in read) <= 300


def test_quantised_models_read_a_text(tmp_path: Path) -> None:
    text = "Return a new array of given shape and type, filled with zeros."
    readings: list[Reading] = []
    for recipe, given in (("int4_block32", None), (None, text)):
        exported = export_checkpoint(
            _FOLDER,
            tmp_path / "m.tflite",
            prefill_lengths=(16,),
            cache_length=64,
            quant_config=recipe,
            proof_text=given,
        )
        assert exported.proof is not None
        assert exported.proof.reading is not None
        readings.append(exported.proof.reading)
    int4, exact = readings
    assert int4.tokens == 63
    assert 1e-4 < int4.divergence < 0.1
    assert exact.agreement == 1.0
    assert exact.divergence < 1e-9

    tokenizer = _LIBRARY.AutoTokenizer.from_pretrained(_FOLDER)
    model = _LIBRARY.AutoModelForCausalLM.from_pretrained(_FOLDER, dtype=torch.float32)
    for reading, words in ((exact, text), (int4, NEUTRAL)):
        tokens = tokenizer(words, return_tensors="pt").input_ids[:, :64]
        with torch.no_grad():
            expected = float(model(tokens, labels=tokens).loss.exp())
        assert reading.tokens == tokens.shape[1] - 1
        assert reading.reference_perplexity == pytest.approx(expected, rel=1e-4)
    assert exact.perplexity == pytest.approx(exact.reference_perplexity, rel=1e-5)


def test_exact_models_read_no_text_unless_told(llama: Path) -> None:
    exported = export_checkpoint(
        llama, llama.parent / "out" / "m.tflite", prefill_lengths=(4,), cache_length=16
    )
    assert exported.proof is not None
    assert exported.proof.reading is None


@pytest.mark.parametrize("given", [{"proof_text": "A text."}, {"quant_config": "dynamic_int8"}])
def test_a_tokenizer_of_another_model_is_refused_before_anything_is_converted(
    given: dict[str, Any], llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundling, "convert_checkpoint", None)
    shutil.copy(_FOLDER / "tokenizer.json", llama)
    shutil.copy(_FOLDER / "tokenizer_config.json", llama)
    with pytest.raises(
        litewright.UserError, match=r"a text makes the token \d+, and the model has 97 "
    ):
        export_checkpoint(llama, llama.parent / "m.tflite", **given)


@pytest.mark.parametrize(
    ("folder", "text", "message"),
    [(_FOLDER, "", "must have two at least"), (None, "A text.", "cannot load the tokenizer")],
)
def test_texts_that_cannot_be_read_are_refused_before_anything_is_converted(
    folder: Path | None, text: str, message: str, llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundling, "convert_checkpoint", None)
    out = llama.parent / "out"
    with pytest.raises(litewright.UserError, match=message):
        export_checkpoint(folder or llama, out / "m.tflite", proof_text=text)
    assert not list(out.iterdir())
