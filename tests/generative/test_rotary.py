"""Tables of stretched rotations are those of transformers."""

from typing import Any

import pytest
import torch
import transformers
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

import litewright
from litewright.generative.layers.attention_utils import build_rope_cache
from litewright.generative.layers.rotary_position_embedding import (
    DynamicScaling,
    LinearScaling,
    Llama3Scaling,
    LongRopeScaling,
    RopeScaling,
    YarnScaling,
)
from tests.support.tolerances import assert_close

_LIBRARY: Any = transformers
_WIDTH, _TRAINED, _BASE = 16, 32, 5000.0
_SHORT = tuple(1.0 + 0.1 * i for i in range(_WIDTH // 2))
_LONG = tuple(2.0 + 0.5 * i for i in range(_WIDTH // 2))

CASES: dict[str, tuple[RopeScaling, dict[str, Any]]] = {
    "linear": (LinearScaling(4.0), {"factor": 4.0}),
    "dynamic": (DynamicScaling(3.0, _TRAINED), {"factor": 3.0}),
    "llama3": (
        Llama3Scaling(8.0, _TRAINED, low=1.0, high=4.0),
        {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0},
    ),
    "yarn": (YarnScaling(4.0, _TRAINED, fast=16.0, slow=2.0), {"factor": 4.0, "beta_fast": 16.0, "beta_slow": 2.0}),
    "longrope": (
        LongRopeScaling(_SHORT, _LONG, _TRAINED, factor=4.0),
        {"factor": 4.0, "short_factor": list(_SHORT), "long_factor": list(_LONG)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("size", [_TRAINED // 2, 3 * _TRAINED])
@pytest.mark.parametrize("name", CASES)
def test_tables_are_those_of_transformers(name: str, size: int) -> None:
    scaling, parameters = CASES[name]
    config = _LIBRARY.LlamaConfig(
        hidden_size=4 * _WIDTH,
        num_attention_heads=4,
        head_dim=_WIDTH,
        # The length of the text is what dynamic scaling begins at, the trained one what the others do.
        max_position_embeddings=_TRAINED,
        rope_parameters={
            "rope_type": name,
            "rope_theta": _BASE,
            "original_max_position_embeddings": _TRAINED,
            **parameters,
        },
    )
    made: Any = ROPE_INIT_FUNCTIONS[name](config, device="cpu", seq_len=size)
    frequencies, factor = made
    angles = torch.arange(size)[:, None].float() * frequencies[None]
    expected = torch.cat([angles, angles], -1)
    for table, wanted in zip(
        scaling.tables(_WIDTH, _BASE, size), (expected.cos(), expected.sin()), strict=True
    ):
        assert_close(table.numpy(), (wanted * factor).numpy(), "float32 transcendental")


def test_scaled_tables_differ_from_plain_ones() -> None:
    plain, _ = build_rope_cache(3 * _TRAINED, _WIDTH, _BASE)
    for scaling, _ in CASES.values():
        assert not torch.allclose(scaling.tables(_WIDTH, _BASE, 3 * _TRAINED)[0], plain)


def test_factors_of_another_width_are_refused() -> None:
    with pytest.raises(litewright.UserError, match="8 factors for a rotation of width 20"):
        LongRopeScaling(_SHORT, _LONG, _TRAINED).tables(20, _BASE, 8)
