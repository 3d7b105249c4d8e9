"""Models that also see or hear are exported as what they are for text, and it is said that this is all."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

import litewright
from litewright.compiler.inspect import stored_weights
from litewright.compiler.ir import mlir
from litewright.generative.huggingface.bundling import export_checkpoint
from litewright.generative.huggingface.kinds import Kind, kind_of
from tests.generative.architectures import CONFIGS
from tests.support.slow import slow_but
from tests.support.tolerances import TOLERANCES

_TEXT = {**CONFIGS["llama"][1], "head_dim": 8}
_SIGHT: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 28,
    "patch_size": 14,
}
_QWEN_SIGHT = {"depth": 1, "hidden_size": 32, "intermediate_size": 48, "num_heads": 2}
# Positions in time, height and width share a head.
_GRIDS = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 1, 1]}
MODELS: dict[str, dict[str, Any]] = {
    "llava": {
        "text_config": {**_TEXT, "model_type": "llama"},
        "vision_config": {**_SIGHT, "model_type": "clip_vision_model"},
    },
    "llava_next": {
        "text_config": {**_TEXT, "model_type": "mistral"},
        "vision_config": {**_SIGHT, "model_type": "clip_vision_model"},
    },
    "mistral3": {
        "text_config": {**_TEXT, "model_type": "mistral"},
        "vision_config": {**_SIGHT, "model_type": "pixtral"},
    },
    "paligemma": {
        "text_config": {**_TEXT, "model_type": "gemma"},
        "vision_config": {**_SIGHT, "model_type": "siglip_vision_model"},
    },
    "gemma3": {"text_config": CONFIGS["gemma3"][1], "vision_config": _SIGHT},
    "gemma4": {"text_config": CONFIGS["gemma4"][1], "vision_config": _SIGHT},
    "llama4": {
        "text_config": CONFIGS["llama4"][1],
        "vision_config": {
            **_SIGHT,
            "vision_output_dim": 32,
            "projector_input_dim": 32,
            "projector_output_dim": 32,
        },
    },
    "smolvlm": {"text_config": {**_TEXT, "model_type": "llama"}, "vision_config": _SIGHT},
    "idefics3": {"text_config": {**_TEXT, "model_type": "llama"}, "vision_config": _SIGHT},
    "internvl": {
        "text_config": {**_TEXT, "model_type": "qwen2"},
        "vision_config": {**_SIGHT, "image_size": [28, 28], "patch_size": [14, 14]},
    },
    "qwen2_vl": {
        "text_config": {**CONFIGS["qwen2"][1], "rope_parameters": _GRIDS},
        "vision_config": {"depth": 1, "embed_dim": 32, "hidden_size": 32, "num_heads": 2},
    },
    "qwen2_5_vl": {
        "text_config": {**CONFIGS["qwen2"][1], "rope_parameters": _GRIDS},
        "vision_config": {**_QWEN_SIGHT, "out_hidden_size": 32},
    },
    "qwen3_vl": {
        "text_config": {**_TEXT, "rope_parameters": {**_GRIDS, "mrope_interleaved": True}},
        "vision_config": {
            **_QWEN_SIGHT,
            "out_hidden_size": 32,
            "deepstack_visual_indexes": [0],
        },
    },
    "glm4v": {
        "text_config": {**_TEXT, "rope_parameters": {**_GRIDS, "partial_rotary_factor": 1.0}},
        "vision_config": {**_QWEN_SIGHT, "out_hidden_size": 32},
    },
    "qwen2_audio": {
        "text_config": {**_TEXT, "model_type": "qwen2"},
        "audio_config": {
            "d_model": 32,
            "encoder_layers": 1,
            "encoder_attention_heads": 2,
            "encoder_ffn_dim": 48,
        },
    },
}


@pytest.mark.parametrize("name", slow_but(("qwen2_5_vl",), MODELS))
def test_text_is_exported(name: str, tmp_path: Path) -> None:
    library: Any = transformers
    torch.manual_seed(0)
    config = library.CONFIG_MAPPING[name](**MODELS[name])
    model = library.AutoModelForMultimodalLM.from_config(config).eval()
    model.save_pretrained(tmp_path / "model")

    sense = "audio" if "audio" in name else "vision"
    with pytest.warns(
        UserWarning, match=f"^{name} is exported for text alone, without its {sense}$"
    ):
        exported = export_checkpoint(
            tmp_path / "model", tmp_path / "m.tflite", prefill_lengths=(8,), cache_length=32
        )

    assert kind_of(tmp_path / "model") is Kind.CAUSAL
    assert exported.proof is not None
    assert len(exported.proof.outcomes) >= 6
    assert exported.proof.error <= TOLERANCES["float32 model"]
    # Nothing that sees is in the file.
    program = litewright.read(exported.path).program
    with mlir.use(program.context):
        names = [each.name for each in stored_weights(program)]
    assert names
    assert not [each for each in names if re.search("vision|visual|audio", each)]
