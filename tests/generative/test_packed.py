"""GPTQ and AWQ checkpoints: the integers of the file are those of the checkpoint, and the model is the same."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

import litewright
from litewright.compiler.weights import Binary, Concatenate, Leaf, Slice, WeightStore
from litewright.compiler.weights.integers import Kept, kept_integers
from litewright.generative.generation.generator import Generator
from litewright.generative.huggingface.bundling import export_checkpoint
from litewright.generative.huggingface.export import LanguageModel, convert_checkpoint
from litewright.generative.huggingface.loading import open_checkpoint
from litewright.generative.huggingface.reference import reference_logits
from tests.support.stored_integers import stored_integers
from tests.support.tolerances import TOLERANCES, relative_error

Array = np.ndarray[Any, np.dtype[Any]]
_AWQ = (0, 2, 4, 6, 1, 3, 5, 7)
_TEXT = [5, 17, 3, 88, 41, 9, 60, 22]


def _pack(integers: Array, axis: int, order: tuple[int, ...] = tuple(range(8))) -> torch.Tensor:
    """Eight integers a word, the i-th of a word being that of number order[i]; written as a loop on purpose."""
    moved = np.moveaxis(integers, axis, 0).astype(np.int64)
    words = np.zeros((len(moved) // 8, *moved.shape[1:]), np.int64)
    for word in range(len(words)):
        for place, number in enumerate(order):
            words[word] |= moved[8 * word + number] << (4 * place)
    signed = words.astype(np.uint32).view(np.int32)
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(signed, 0, axis)))


class _Made:
    """A small Llama on disk, its projections packed; what is in them, and its twin of floats."""

    def __init__(
        self, folder: Path, method: str, size: int, zero: int | None = 8, **extra: Any
    ) -> None:
        torch.manual_seed(3)
        config = transformers.LlamaConfig(
            vocab_size=97,
            hidden_size=128,
            intermediate_size=256,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=64,
        )
        self.model = transformers.LlamaForCausalLM(config).eval()
        self.integers: dict[str, Array] = {}
        self.scales: dict[str, Array] = {}
        rng = np.random.default_rng(7)
        for name, parameter in self.model.named_parameters():
            if name.endswith("norm.weight"):
                parameter.data.uniform_(0.5, 1.5)
        self.model.save_pretrained(folder)
        tensors = load_file(folder / "model.safetensors")
        shuffled = extra.get("desc_act", False)
        for name, module in self.model.named_modules():
            if not isinstance(module, torch.nn.Linear) or name == "lm_head":
                continue
            outputs, inputs = module.weight.shape
            group = size if size > 0 else inputs
            groups = np.arange(inputs) // group
            if shuffled:
                groups = rng.permutation(groups)
            q = rng.integers(0, 16, (inputs, outputs))
            s = rng.uniform(0.002, 0.02, (inputs // group, outputs)).astype(np.float16)
            z = np.full(s.shape, zero) if zero is not None else rng.integers(1, 16, s.shape)
            weight = (q - z[groups]) * s.astype(np.float32)[groups]
            module.weight.data = torch.from_numpy(weight.T.astype(np.float32).copy())
            self.integers[name], self.scales[name] = (q - 8).T, s.T
            del tensors[f"{name}.weight"]
            tensors[f"{name}.scales"] = torch.from_numpy(s)
            if method == "awq":
                tensors[f"{name}.qweight"] = _pack(q, 1, _AWQ)
                tensors[f"{name}.qzeros"] = _pack(z, 1, _AWQ)
            else:
                less = 0 if extra.get("checkpoint_format") == "gptq_v2" else 1
                tensors[f"{name}.qweight"] = _pack(q, 0)
                tensors[f"{name}.qzeros"] = _pack(z - less, 1)
                tensors[f"{name}.g_idx"] = torch.from_numpy(groups.astype(np.int32))
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})
        path = folder / "config.json"
        found = json.loads(path.read_text())
        found["quantization_config"] = {
            "quant_method": method,
            "bits": 4,
            "group_size": size,
            **extra,
        }
        path.write_text(json.dumps(found))

    def logits(self) -> Array:
        with torch.no_grad():
            return self.model(torch.tensor([_TEXT])).logits[0, -1].numpy()


def _converted(folder: Path, **options: Any) -> tuple[LanguageModel, Array]:
    made = convert_checkpoint(folder, prefill_lengths=(8,), cache_length=16, **options)
    made.edge.export(folder / "model.tflite")
    runner = Generator(folder / "model.tflite")
    runner.feed(_TEXT)
    return made, runner.logits()


@pytest.mark.parametrize(
    ("method", "size", "extra"),
    [
        ("gptq", 32, {}),
        pytest.param("gptq", 64, {"checkpoint_format": "gptq_v2"}, marks=pytest.mark.slow),
        pytest.param("gptq", -1, {}, marks=pytest.mark.slow),
        ("awq", 32, {"version": "gemm"}),
        pytest.param("awq", 128, {}, marks=pytest.mark.slow),
    ],
)
def test_integers_of_the_file_are_those_of_the_checkpoint(
    method: str, size: int, extra: dict[str, Any], tmp_path: Path
) -> None:
    given = _Made(tmp_path, method, size, **extra)
    converted, actual = _converted(tmp_path)

    stored = stored_integers(tmp_path / "model.tflite")
    assert len(stored) == len(given.integers) == 14
    for each, name in zip(stored, given.integers, strict=True):
        integers, scales = each.integers, each.scales
        np.testing.assert_array_equal(integers, given.integers[name], name)
        expected = given.scales[name] if size > 0 else given.scales[name][:, 0]
        np.testing.assert_array_equal(scales, expected.astype(scales.dtype), name)
    assert converted.edge.notes == []
    # Kernels round activations to eight bits, in each of some dozen products.
    assert relative_error(actual, given.logits()) <= 5 * TOLERANCES["int8 activations"]


@pytest.mark.parametrize(
    ("method", "zero", "extra", "why"),
    [
        ("gptq", 8, {"desc_act": True}, "desc_act"),
        pytest.param("gptq", None, {}, "zero points", marks=pytest.mark.slow),
        pytest.param("awq", None, {}, "zero points", marks=pytest.mark.slow),
    ],
)
def test_what_the_runtime_cannot_hold_becomes_floats_and_is_told(
    method: str, zero: int | None, extra: dict[str, Any], why: str, tmp_path: Path
) -> None:
    given = _Made(tmp_path, method, 32, zero, **extra)
    converted, actual = _converted(tmp_path)

    assert stored_integers(tmp_path / "model.tflite") == []
    assert converted.edge.notes
    assert all(why in note for note in converted.edge.notes)
    assert relative_error(actual, given.logits()) <= TOLERANCES["float32 model"]


def test_floats_of_the_checkpoint_are_those_of_its_twin(tmp_path: Path) -> None:
    given = _Made(tmp_path, "awq", 32, None)
    actual = reference_logits(open_checkpoint(tmp_path), _TEXT, [len(_TEXT) - 1])
    assert relative_error(actual[0], given.logits()) <= TOLERANCES["float32 model"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quant_method": "hqq"}, "quant_method 'hqq'"),
        ({"bits": 3}, "3 bits"),
        ({"checkpoint_format": "marlin"}, "'marlin'"),
        ({"group_size": 64}, "qzeros is"),
        ({"group_size": 0}, "group_size 0"),
    ],
)
def test_other_packings_are_refused_by_name(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    _Made(tmp_path, "gptq", 32)
    path = tmp_path / "config.json"
    config = json.loads(path.read_text())
    config["quantization_config"].update(change)
    path.write_text(json.dumps(config))
    with pytest.raises(litewright.UserError, match=message):
        open_checkpoint(tmp_path)


def test_packed_tensors_that_are_missing_are_named(tmp_path: Path) -> None:
    _Made(tmp_path, "gptq", 32)
    tensors = load_file(tmp_path / "model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.qzeros"]
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(
        litewright.UserError, match=r"lacks model\.layers\.1\.mlp\.up_proj\.qzeros: "
    ):
        open_checkpoint(tmp_path)


def test_rows_that_are_joined_and_cut_stay_integers(tmp_path: Path) -> None:
    given = _Made(tmp_path, "gptq", 32)
    store = WeightStore()
    weights = open_checkpoint(tmp_path).weights
    names = [f"model.layers.0.self_attn.{each}_proj" for each in "qkv"]
    leaves = tuple(Leaf(store.add(f"{n}.weight", weights[f"{n}.weight"])) for n in names)
    whole = Concatenate(leaves, 0)
    found = kept_integers(store, Slice(whole, (100, 0), (150, 128)))
    assert isinstance(found, Kept)
    integers = np.concatenate([given.integers[name] for name in names])
    scales = np.concatenate([given.scales[name] for name in names])
    read = store.read(store.derive(found.integers))
    np.testing.assert_array_equal(read.astype(np.int64), integers[100:150])
    np.testing.assert_array_equal(store.read(store.derive(found.scales)), scales[100:150])

    factor = store.literal(np.array(0.5, np.float32))
    assert isinstance(kept_integers(store, Binary("multiply", whole, factor)), str)
    assert isinstance(kept_integers(store, Slice(whole, (0, 0), (256, 64))), str)


def test_a_model_whose_integers_are_kept_is_compared_as_a_quantised_one(tmp_path: Path) -> None:
    kept, floats = tmp_path / "kept", tmp_path / "floats"
    for folder, zero in ((kept, 8), (floats, None)):
        folder.mkdir()
        _Made(folder, "gptq", 32, zero)
    exported = export_checkpoint(
        kept, tmp_path / "kept.tflite", prefill_lengths=(8,), cache_length=16
    )
    assert exported.proof is not None
    assert exported.proof.error > TOLERANCES["float32 model"]
    assert open_checkpoint(kept).holds_integers
    assert not open_checkpoint(floats).holds_integers
