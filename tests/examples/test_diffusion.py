"""The example of a diffusion pipeline: run as its readers run it, and beside diffusers' own."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file, save_file
from torch import nn
from transformers.models.clip.modeling_clip import CLIPMLP

import litewright
from litewright.compiler.runtime import Runner
from litewright.generative.diffusion.export import export_diffusion
from litewright.generative.diffusion.images import ImageGenerator
from litewright.tools.commands.export_hf import command
from tests.support.tolerances import TOLERANCES, relative_error

EXAMPLE = Path(__file__).parents[2] / "examples" / "diffusion"
PROMPT = "A lighthouse at night, and more words than the text encoder has positions for"


@pytest.fixture(name="pipeline", scope="module")
def _pipeline(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """The small pipeline of diffusers, and the folder that it was written to."""
    sys.path.insert(0, str(EXAMPLE))
    try:
        from tiny import write_pipeline  # pyright: ignore[reportMissingImports]
    finally:
        sys.path.remove(str(EXAMPLE))
    folder = tmp_path_factory.mktemp("pipeline") / "source"
    return write_pipeline(folder), folder


@pytest.fixture(name="exported", scope="module")
def _exported(pipeline: tuple[Any, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "made"
    parts = export_diffusion(pipeline[1], folder)
    assert [each.name for each in parts] == ["text_encoder", "unet", "vae_decoder"]
    errors = [each.error for each in parts if each.error is not None]
    assert len(errors) == 3
    assert max(errors) <= TOLERANCES["float32 model"]
    return folder


def _by_diffusers(pipeline: Any, generator: ImageGenerator, **options: Any) -> Any:
    with torch.no_grad():
        made = pipeline(
            PROMPT,
            num_inference_steps=options.pop("steps"),
            latents=torch.from_numpy(generator.noise(5)),
            output_type="np",
            **options,
        )
    return made.images[0]


# diffusers 0.42 hands a tensor to NumPy 2 in the way of NumPy 1.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("scheduler", ["DDIMScheduler", "EulerDiscreteScheduler", "PNDMScheduler"])
def test_the_image_is_that_of_diffusers(
    scheduler: str, pipeline: tuple[Any, Path], exported: Path
) -> None:
    import diffusers

    library: Any = diffusers
    generator = ImageGenerator(exported)
    theirs = pipeline[0]
    theirs.scheduler = getattr(library, scheduler).from_config(theirs.scheduler.config)
    # A scheduler counts its steps: each loop has its own.
    own = getattr(library, scheduler).from_config(theirs.scheduler.config)
    generator.pipeline = type(generator.pipeline)(
        generator.pipeline.text_encoder,
        generator.pipeline.unet,
        generator.pipeline.vae_decoder,
        own,
    )
    expected = _by_diffusers(theirs, generator, steps=4, guidance_scale=5.0)

    ids = np.stack([generator.tokens(""), generator.tokens(PROMPT)])
    made = generator.pipeline.run(ids, generator.noise(5), steps=4, guidance=5.0)

    assert made.shape == (64, 64, 3)
    assert relative_error(made, expected) <= TOLERANCES["float32 model"]
    assert expected.std() > 0.1
    image = generator.generate(PROMPT, seed=5, steps=4, guidance=5.0)
    assert np.abs(image - expected * 255).max() <= 0.51


@pytest.mark.slow
def test_prompts_matter(exported: Path) -> None:
    generator = ImageGenerator(exported)
    one, other, negative = (
        generator.generate(prompt, negative=against, steps=2).astype(np.int16)
        for prompt, against in (("a red house", ""), ("a blue boat", ""), ("a red house", "sea"))
    )
    assert np.abs(one - other).max() > 10
    assert np.abs(one - negative).max() > 10


@pytest.mark.slow
def test_graphs_are_taken_nearly_whole(exported: Path) -> None:
    """What is left are lookups, and resizing, for which the delegate has no op."""
    attention = {"text_encoder": 2, "unet": 8, "vae_decoder": 1}
    left = {"text_encoder": 1, "unet": 1, "vae_decoder": 3}
    for name, blocks in attention.items():
        found = Runner(exported / f"{name}.tflite").delegation()
        ops = Counter(each.op for each in found.placements)
        # Four around each attention of several heads, and those between latents and channels last.
        assert ops["TRANSPOSE"] <= 4 * blocks + 2, name
        others = {each.op for each in found.placements if each.partition is None}
        assert others <= {"RESHAPE", "EMBEDDING_LOOKUP", "RESIZE_NEAREST_NEIGHBOR"}
        assert found.partitions <= left[name] + 1


@pytest.mark.slow
def test_without_the_delegate_it_says_the_same(exported: Path) -> None:
    for path in exported.glob("*.tflite"):
        taken, own = Runner(path), Runner(path, delegate=False)
        random = np.random.default_rng(1)
        inputs = {
            each.name: random.integers(0, 99, each.shape).astype(np.int32)
            if each.dtype == np.int32
            else random.standard_normal(each.shape, np.float32)
            for each in taken.signature().inputs
        }
        (first,), (second,) = (runner.run(inputs).values() for runner in (taken, own))
        assert relative_error(first, second) <= TOLERANCES["float32 model"]


@pytest.mark.slow
def test_the_demo_runs_as_its_readers_run_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE / "demo.py")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(EXAMPLE.parents[1] / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"off by [01] of 255 at most", done.stdout)
    assert (tmp_path / "house.png").stat().st_size > 5000


@pytest.mark.slow
def test_sizes_and_quantised_weights(pipeline: tuple[Any, Path], tmp_path: Path) -> None:
    output = tmp_path / "small"
    arguments = [str(pipeline[1]), "-o", str(output), "--size", "48,96"]
    result = CliRunner().invoke(command, [*arguments, "--quantize", "weight_only_int8", "--json"])
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert facts["size"] == [48, 96]
    errors = [each["error"] for each in facts["parts"]]
    assert TOLERANCES["float32 model"] < max(errors) < 0.1
    generator = ImageGenerator(output)
    assert generator.generate("a boat", steps=2).shape == (48, 96, 3)


@pytest.mark.slow
def test_older_names_of_attention_are_known(pipeline: tuple[Any, Path], tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(pipeline[1], source)
    file = source / "vae" / "diffusion_pytorch_model.safetensors"
    names = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}

    def old(name: str) -> str:
        for new, before in names.items():
            name = name.replace(f".{new}.", f".{before}.")
        return name

    tensors = {old(name): each for name, each in load_file(file).items()}
    assert any("proj_attn" in name for name in tensors)
    save_file(tensors, file)
    parts = export_diffusion(source, tmp_path / "made")
    assert parts[2].error is not None
    assert parts[2].error <= TOLERANCES["float32 model"]


def _fails_on_numbers(_: nn.Module, states: torch.Tensor) -> torch.Tensor:
    if type(states) is torch.Tensor:
        raise ValueError("no numbers, please")
    return states


def test_one_error_and_nothing_left_behind(
    pipeline: tuple[Any, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = tmp_path / "source", tmp_path / "out" / "made"
    output.parent.mkdir()
    shutil.copytree(pipeline[1], source)

    def refused(message: str, **options: Any) -> None:
        with pytest.raises(litewright.UserError, match=message):
            export_diffusion(source, output, **options)
        assert list(output.parent.iterdir()) == []

    refused("sides must be multiples of 16", size=(40, 64))
    one_side = [str(source), "-o", str(output), "--size", "48"]
    told = CliRunner().invoke(command, one_side)
    assert isinstance(told.exception, litewright.UserError)
    assert "a height and a width, as 512,512" in str(told.exception)
    with monkeypatch.context() as patched:
        patched.setattr(CLIPMLP, "forward", _fails_on_numbers)
        refused(r"at model\.\S+\.mlp \(CLIPMLP, /\S+/test_diffusion\.py:\d+\): ValueError: no numb")
    file = source / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(file)
    tensors.pop("conv_in.weight")
    save_file(tensors, file)
    refused("conv_in.weight is missing")
    file.unlink()
    refused(r"there is no diffusion_pytorch_model\.safetensors")
    config = json.loads((source / "unet" / "config.json").read_text())
    config["addition_embed_type"] = "text"
    config["addition_embed_type_num_heads"] = 4
    (source / "model_index.json").write_text('{"_class_name": "FluxPipeline"}')
    refused("pipelines of class FluxPipeline are not known here")
    (source / "model_index.json").unlink()
    refused(r"there is no model_index\.json")
    (output.parent / "file").write_text("x")
    with pytest.raises(litewright.UserError, match="name a folder that is new or empty"):
        export_diffusion(pipeline[1], output.parent)
    with pytest.raises(litewright.UserError, match="no exported pipeline"):
        ImageGenerator(tmp_path)
