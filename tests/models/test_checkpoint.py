"""A checkpoint written tensor by tensor is one that safetensors reads."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file

from tests.models.checkpoint import write_random_checkpoint
from tests.models.decoder_config import DecoderConfig


def test_holds_every_tensor_of_the_decoder(tmp_path: Path) -> None:
    config = DecoderConfig.tiny()
    tensors = load_file(write_random_checkpoint(tmp_path, config) / "model.safetensors")
    assert {n: tuple(t.shape) for n, t in tensors.items()} == dict(config.parameter_shapes())
    assert {tensor.dtype for tensor in tensors.values()} == {torch.bfloat16}


def test_equal_seeds_give_equal_bytes(tmp_path: Path) -> None:
    config = DecoderConfig.tiny(layers=1)
    seeds = {"a": 0, "b": 0, "c": 1}
    contents = {
        name: (
            write_random_checkpoint(tmp_path / name, config, seed=seed) / "model.safetensors"
        ).read_bytes()
        for name, seed in seeds.items()
    }
    assert contents["a"] == contents["b"] != contents["c"]


def test_shards_hold_what_one_file_holds(tmp_path: Path) -> None:
    config = DecoderConfig.tiny()
    whole = load_file(write_random_checkpoint(tmp_path / "one", config) / "model.safetensors")
    folder = write_random_checkpoint(tmp_path / "many", config, shard_bytes=12_000)
    places = json.loads((folder / "model.safetensors.index.json").read_text())["weight_map"]
    assert len(set(places.values())) > 2
    assert places.keys() == whole.keys()
    for name, file in places.items():
        assert torch.equal(load_file(folder / file)[name], whole[name])
