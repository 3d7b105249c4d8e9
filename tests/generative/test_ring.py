"""Caches that begin anew at their end: what is said stays PyTorch's, however often they did."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

import litewright
from litewright.compiler.driver.extensions import effective
from litewright.compiler.driver.options import target_of
from litewright.compiler.inspect.survey import survey
from litewright.compiler.ir import mlir
from litewright.generative.generation.generator import Generator
from litewright.generative.huggingface import diverging, export
from litewright.generative.huggingface.bundling import export_checkpoint
from litewright.generative.huggingface.export import convert_checkpoint
from litewright.generative.huggingface.reading import Reading
from litewright.generative.layers import model_config as cfg
from litewright.generative.layers.kv_cache import KVCache, KVCacheEntry
from litewright.generative.layers.ring_cache import Ring
from litewright.generative.utilities.model_builder import DecoderOnlyModel
from litewright.quantize import Recipe
from tests.generative.architectures import CONFIGS, VOCABULARY
from tests.support.slow import slow_but
from tests.support.tolerances import TOLERANCES, relative_error

Array = np.ndarray[Any, np.dtype[Any]]
_ROOT = Path(__file__).parents[2]
_FOLDER = _ROOT / "tests" / "data" / "docs-llama"
_LIBRARY: Any = transformers
_CACHE, _WINDOW, _PREFILLS = 60, 8, (4, 6)
_RING = _WINDOW + max(_PREFILLS)
_ANSWER = 24
_MIXED = ["sliding_attention", "full_attention"]
_WINDOWED: dict[str, tuple[str, dict[str, Any]]] = {
    "mistral": CONFIGS["mistral"],
    "gemma2": CONFIGS["gemma2"],
    "gemma3": CONFIGS["gemma3"],
    "gemma4": CONFIGS["gemma4"],
    "starcoder2": ("Starcoder2Config", {**CONFIGS["starcoder2"][1], "sliding_window": _WINDOW}),
    "phi3": ("Phi3Config", {**CONFIGS["phi3"][1], "sliding_window": _WINDOW}),
    "qwen2": (
        "Qwen2Config",
        {
            **CONFIGS["qwen2"][1],
            "use_sliding_window": True,
            "sliding_window": _WINDOW,
            "layer_types": _MIXED,
        },
    ),
    "cohere2": (
        "Cohere2Config",
        {**CONFIGS["cohere"][1], "sliding_window": _WINDOW, "layer_types": _MIXED},
    ),
    "olmo3": (
        "Olmo3Config",
        {**CONFIGS["olmo2"][1], "sliding_window": _WINDOW, "layer_types": _MIXED},
    ),
    # Chunks reach back no farther than windows of their length.
    "llama4": ("Llama4TextConfig", {**CONFIGS["llama4"][1], "attention_chunk_size": _WINDOW}),
    "gpt_oss": (
        "GptOssConfig",
        {
            **CONFIGS["llama"][1],
            "head_dim": 8,
            "num_local_experts": 4,
            "num_experts_per_tok": 2,
            "sliding_window": _WINDOW,
            "layer_types": _MIXED,
        },
    ),
}
_ALWAYS = ("gemma3",)


def _checkpoint(name: str, folder: Path) -> Any:
    kind, sizes = _WINDOWED[name]
    torch.manual_seed(0)
    model = _LIBRARY.AutoModelForCausalLM.from_config(getattr(_LIBRARY, kind)(**sizes)).eval()
    model.save_pretrained(folder)
    return model


@pytest.mark.parametrize(
    "name",
    slow_but(_ALWAYS, _WINDOWED),
)
def test_any_turns_say_what_torch_says(name: str, tmp_path: Path) -> None:
    model = _checkpoint(name, tmp_path / name)
    converted = convert_checkpoint(
        tmp_path / name, prefill_lengths=_PREFILLS, cache_length=_CACHE, ring=True
    )
    assert converted.rings == (_RING,)
    converted.edge.export(tmp_path / "m.tflite")
    lengths = {
        each.shape[2]
        for each in converted.edge.signatures["decode"].inputs
        if each.name.startswith("kv_cache_k")
    }
    assert lengths == ({_RING} if name in {"mistral", "starcoder2", "phi3"} else {_RING, _CACHE})

    rng = np.random.default_rng(5)
    text = rng.integers(3, VOCABULARY, _CACHE).tolist()
    with torch.no_grad():
        expected = model(torch.tensor([text])).logits[0].numpy()
    runner = Generator(tmp_path / "m.tflite")
    for _ in range(4):
        runner.reset()
        actual, positions = _walk(runner, text, rng)
        assert positions[-1] == _CACHE - 1
        assert relative_error(np.stack(actual), expected[positions]) <= TOLERANCES["float32 model"]


def _walk(
    runner: Generator, text: list[int], rng: np.random.Generator
) -> tuple[list[Array], list[int]]:
    """Prompts and steps of random lengths to the end of a text: logits, and their positions."""
    actual: list[Array] = []
    positions: list[int] = []
    end = 0
    while end < len(text):
        count = int(rng.choice([1, 1, 2, 3, 4, 5, 7, 11, 23]))
        runner.feed(text[end : end + count])
        end = min(end + count, len(text))
        actual.append(runner.logits())
        positions.append(end - 1)
    return actual, positions


@pytest.mark.slow
@pytest.mark.parametrize("ring", [False, True])
def test_windows_are_computed_in_what_gpus_have(ring: bool, tmp_path: Path) -> None:
    _checkpoint("gemma3", tmp_path)
    converted = convert_checkpoint(
        tmp_path, prefill_lengths=_PREFILLS, cache_length=_CACHE, ring=ring, target="gpu"
    )
    program = converted.edge.program
    with mlir.use(program.context):
        facts = survey(program, target_of("gpu", effective()))
    assert [each.not_delegated for each in facts.signatures] == [()] * 3


@pytest.mark.slow
def test_a_ring_that_is_too_short_is_found_by_the_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _checkpoint("mistral", tmp_path / "mistral")
    short = _WINDOW + 1
    monkeypatch.setattr(export, "ring_length", lambda *_: short)
    # The first wrong op is not looked for: that is tested elsewhere, and takes time.
    monkeypatch.setattr(diverging, "_memory", lambda: 0)
    with pytest.raises(litewright.UserError) as raised:
        export_checkpoint(
            tmp_path / "mistral",
            tmp_path / "m.tflite",
            prefill_lengths=_PREFILLS,
            cache_length=_CACHE,
            ring=True,
        )
    told = {line.strip() for line in str(raised.value).splitlines()}
    wrong = {line.partition(":")[0] for line in told if "first at position" in line}
    assert f"prefill of 4, padded, up to the end of a ring of {short}" in wrong
    assert f"prefill of 6 over the end of a ring of {short}" in wrong
    assert f"over the end of a ring of {short}" not in wrong
    assert not (tmp_path / "m.tflite").exists()


@pytest.mark.parametrize("count", [1, 3, 5])
@pytest.mark.parametrize("start", [0, 1, 4, 5, 6, 7, 12, 23])
def test_a_step_lies_where_its_positions_say(start: int, count: int) -> None:
    length = 7
    before = torch.arange(length).float()
    cache = KVCacheEntry(before.reshape(1, 1, length, 1), before.reshape(1, 1, 1, length))
    new = (100.0 + start + torch.arange(count)).reshape(1, 1, count, 1)
    # All but the first may be anything, as they are behind a prompt that does not fill a prefill.
    positions = torch.zeros(count, dtype=torch.int32)
    positions[0] = start
    ring = Ring.of(length, positions)
    updated = ring.update(cache, new, new)

    written = {p % length: p for p in range(start, start + count)}
    expected = [100 + written[i] if i in written else i for i in range(length)]
    assert updated.k_cache.flatten().tolist() == expected
    assert updated.v_cache.flatten().tolist() == expected
    last = start + count - 1
    assert ring.held.tolist() == [last - (last - slot) % length for slot in range(length)]


@pytest.mark.parametrize(
    ("name", "cache", "message"),
    [
        ("llama", 40, "the model has no sliding window"),
        (
            "mistral",
            _RING,
            "a window of 8 and a prefill of 6 tokens are no less than a cache of 14",
        ),
    ],
)
def test_rings_that_save_nothing_are_refused(
    name: str, cache: int, message: str, tmp_path: Path
) -> None:
    if name in _WINDOWED:
        _checkpoint(name, tmp_path)
    else:
        _LIBRARY.LlamaForCausalLM(_LIBRARY.LlamaConfig(**CONFIGS[name][1])).save_pretrained(
            tmp_path
        )
    with pytest.raises(litewright.UserError, match=message):
        convert_checkpoint(tmp_path, prefill_lengths=_PREFILLS, cache_length=cache, ring=True)


@pytest.fixture(scope="module")
def windowed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trained model, as one whose layers look back 16 positions."""
    folder = tmp_path_factory.mktemp("ring") / "mistral"
    shutil.copytree(_FOLDER, folder)
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "mistral",
        "architectures": ["MistralForCausalLM"],
        "sliding_window": 16,
    }
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.slow
def test_the_engine_says_what_torch_says_in_several_turns(windowed: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "m.litertlm"
    exported = export_checkpoint(
        windowed, bundle, prefill_lengths=(4, 16), cache_length=128, ring=True
    )
    assert exported.model.rings == (32,)
    turns = ["Return a new array of", "\n\nParameters\n----------\na :", " and x"]
    worker = [sys.executable, "-m", "tests.generative.engine_worker", "--turns", str(_ANSWER)]
    done = subprocess.run(
        [*worker, str(bundle), *turns], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == _turns_by_torch(windowed, turns)


@pytest.mark.slow
def test_rings_of_integers_say_what_caches_of_integers_say(windowed: Path, tmp_path: Path) -> None:
    texts = np.random.default_rng(1).integers(3, 4096, (4, 64))
    found: list[Reading] = []
    for ring in (False, True):
        exported = export_checkpoint(
            windowed,
            tmp_path / "m.tflite",
            prefill_lengths=(16,),
            cache_length=96,
            ring=ring,
            quant_config=Recipe((), state="int8"),
            calibration_tokens=texts,
        )
        assert exported.proof is not None
        assert exported.proof.reading is not None
        found.append(exported.proof.reading)
        caches = exported.model.edge.signatures["decode"].inputs[3:]
        assert {each.dtype for each in caches} == {np.dtype(np.int8)}
        assert {each.shape[2] for each in caches if "_k_" in each.name} == {32 if ring else 96}
    assert found[0].divergence == pytest.approx(found[1].divergence, rel=0.05)
    assert found[1].divergence < 0.01


def _turns_by_torch(folder: Path, turns: list[str]) -> list[str]:
    tokenizer = _LIBRARY.AutoTokenizer.from_pretrained(folder)
    model = _LIBRARY.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    assert type(model).__name__ == "MistralForCausalLM"
    answers: list[str] = []
    text = torch.zeros(1, 0, dtype=torch.int64)
    for turn in turns:
        prompt = tokenizer(turn, return_tensors="pt", add_special_tokens=not answers).input_ids
        text = torch.cat([text, prompt], -1)
        begin = text.shape[-1]
        for _ in range(_ANSWER):
            with torch.no_grad():
                chosen = model(text, use_cache=False).logits[:, -1:].argmax(-1)
            text = torch.cat([text, chosen], -1)
        answers.append(tokenizer.decode(text[0, begin:], skip_special_tokens=True))
    return answers


_LOCAL = cfg.AttentionConfig(
    num_heads=4,
    num_query_groups=2,
    head_dim=8,
    rotary_percentage=1.0,
    attn_type=cfg.AttentionType.LOCAL_SLIDING,
    sliding_window_size=6,
)
_STEPS = (8, 1, 1, 8, 1, 8, 8, 1)


def _written_anew(local: cfg.AttentionConfig) -> DecoderOnlyModel:
    """A layer with a sliding window and one without."""
    norm = cfg.NormalizationConfig(cfg.NormalizationType.RMS_NORM)
    gated = cfg.FeedForwardConfig(cfg.FeedForwardType.GATED, cfg.ActivationType.SILU, 48)
    whole = replace(
        local, attn_type=cfg.AttentionType.GLOBAL, sliding_window_size=None, ring_size=None
    )
    config = cfg.ModelConfig(
        vocab_size=VOCABULARY,
        num_layers=2,
        max_seq_len=40,
        embedding_dim=32,
        block_configs=[
            cfg.TransformerBlockConfig(kind, gated, norm, norm) for kind in (local, whole)
        ],
        final_norm_config=norm,
    )
    torch.manual_seed(2)
    return DecoderOnlyModel(config).eval()


@pytest.mark.parametrize("ring_size", slow_but((13,), (13, 16)))
def test_models_written_anew_have_rings_too(ring_size: int, tmp_path: Path) -> None:
    full, ring = _written_anew(_LOCAL), _written_anew(replace(_LOCAL, ring_size=ring_size))
    caches = [KVCache.from_model_config(40, each.config) for each in (full, ring)]
    assert [each.k_cache.shape[2] for each in caches[1].caches] == [ring_size, 40]
    samples = {count: (torch.zeros(1, count).int(), torch.arange(count).int()) for count in (1, 8)}
    edge = litewright.signature("prefill", ring, samples[8]).signature("decode", ring, samples[1])
    edge.convert().export(tmp_path / "m.tflite")
    session = litewright.Session(tmp_path / "m.tflite")

    begin = 0
    for count in _STEPS:
        tokens = torch.randint(0, VOCABULARY, (1, count)).int()
        positions = torch.arange(begin, begin + count).int()
        begin += count
        with torch.no_grad():
            expected = full(tokens, positions).numpy()
            kept = ring(tokens, positions).numpy()
            made: list[dict[str, Any]] = [
                model(tokens, positions, cache)
                for model, cache in zip((full, ring), caches, strict=True)
            ]
        caches = [each["kv_cache"] for each in made]
        name = "decode" if count == 1 else "prefill"
        inputs = {"tokens": tokens.numpy(), "input_pos": positions.numpy()}
        (ran,) = session.run(inputs, name).values()
        for actual in (kept, *(each["logits"].numpy() for each in made), ran):
            assert relative_error(actual, expected) <= TOLERANCES["float32 model"]
    assert begin > 2 * ring_size


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ring_size": 5}, "ring_size 5 does not hold a sliding window of 6"),
        ({"ring_size": 9, "use_alibi": True}, "without ALiBi"),
        ({"ring_size": 9, "attn_type": cfg.AttentionType.GLOBAL}, "with a sliding window"),
    ],
)
def test_rings_that_cannot_be_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(litewright.UserError, match=message):
        replace(_LOCAL, **changes)


def test_a_step_that_is_too_long_for_a_ring_is_refused() -> None:
    model = _written_anew(replace(_LOCAL, ring_size=12))
    with pytest.raises(litewright.UserError, match="steps of 8 tokens: it must have 13"):
        model(torch.zeros(1, 8).int(), torch.arange(8).int())
