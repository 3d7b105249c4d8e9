"""Models written anew from building blocks say what the originals say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import transformers

import litewright
from litewright.generative.layers.attention import CrossAttention
from litewright.generative.layers.model_config import AttentionConfig
from litewright.generative.utilities.loader import ModelLoader
from tests.generative.tiny_llama import NAMES, TinyLlama, config
from tests.support.tolerances import TOLERANCES, relative_error

_LIBRARY: Any = transformers
_CACHE, _PREFILL, _LENGTH = 32, 8, 20


def _original() -> Any:
    sizes = config()
    torch.default_generator.manual_seed(0)
    return _LIBRARY.AutoModelForCausalLM.from_config(
        _LIBRARY.LlamaConfig(
            vocab_size=sizes.vocab_size,
            hidden_size=sizes.embedding_dim,
            num_hidden_layers=sizes.num_layers,
            num_attention_heads=4,
            num_key_value_heads=2,
            intermediate_size=48,
            max_position_embeddings=64,
            rms_norm_eps=1e-5,
            bos_token_id=1,
            eos_token_id=2,
        )
    ).eval()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("authoring")
    _original().save_pretrained(folder)
    return folder


def test_a_model_of_fifty_lines_says_what_the_original_says(
    checkpoint: Path, tmp_path: Path
) -> None:
    model = TinyLlama(config(cache=_CACHE)).eval()
    ModelLoader(checkpoint, NAMES).load(model)
    edge = (
        litewright.signature("prefill", model, _samples(_PREFILL))
        .signature("decode", model, _samples(1))
        .convert()
    )
    edge.export(tmp_path / "model.tflite")
    session = litewright.Session(tmp_path / "model.tflite")
    assert set(session.state) == {f"kv_cache_{kind}_{i}" for kind in "kv" for i in range(2)}

    tokens = torch.randint(3, 97, (1, _LENGTH), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = _original()(tokens).logits.numpy()
    made = [_step(session, "prefill", tokens[:, i : i + _PREFILL], i) for i in (0, _PREFILL)]
    made += [
        _step(session, "decode", tokens[:, i : i + 1], i) for i in range(2 * _PREFILL, _LENGTH)
    ]
    assert relative_error(np.concatenate(made, 1), expected) <= TOLERANCES["float32 model"]


def test_one_sequence_attends_to_another_of_another_width() -> None:
    torch.manual_seed(0)
    sizes = AttentionConfig(num_heads=4, num_query_groups=2, head_dim=8, qkv_use_bias=True)
    layer = CrossAttention(24, 40, sizes)
    x, y, mask = torch.randn(2, 5, 24), torch.randn(2, 7, 40), torch.randn(1, 1, 5, 7)
    q, k, v = (
        made.unflatten(-1, (-1, 8)).transpose(1, 2)
        for made in (layer.q_projection(x), layer.k_projection(y), layer.v_projection(y))
    )
    attended = F.scaled_dot_product_attention(q, k, v, mask, enable_gqa=True)
    with torch.no_grad():
        expected = layer.output_projection(attended.transpose(1, 2).flatten(2))
        made = layer(x, y, mask)
    assert relative_error(made.numpy(), expected.numpy()) <= TOLERANCES["float32 op"]


def test_the_checkpoint_is_streamed_into_a_model_without_values(checkpoint: Path) -> None:
    with torch.device("meta"):
        empty = TinyLlama(config(cache=_CACHE))
    full = TinyLlama(config(cache=_CACHE)).eval()
    weights = ModelLoader(checkpoint, NAMES).weights(empty)
    loader = ModelLoader(checkpoint, NAMES)
    loader.load(full)
    for name, parameter in full.named_parameters():
        np.testing.assert_array_equal(weights[name].read(), parameter.detach().numpy())


def test_everything_that_does_not_fit_is_told_at_once(checkpoint: Path) -> None:
    names = ModelLoader.TensorNames(
        **{n: getattr(NAMES, n) for n in ("embedding", "lm_head", "attn_query_proj")}
    )
    with pytest.raises(litewright.UserError) as raised:
        ModelLoader(checkpoint, names).load(TinyLlama(config()))
    assert "transformer_blocks.0.atten_func.k_projection.weight is missing" in str(raised.value)
    assert "more" in str(raised.value)


def test_another_width_is_told_by_shape(checkpoint: Path) -> None:
    wider = torch.nn.Embedding(97, 48)
    model = TinyLlama(config())
    model.tok_embedding = wider
    with pytest.raises(litewright.UserError, match=r"tok_embedding.weight is \[97, 32\], not"):
        ModelLoader(checkpoint, NAMES).load(model)


def _samples(length: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.zeros(1, length, dtype=torch.int64), torch.arange(length)


def _step(session: Any, signature: str, tokens: torch.Tensor, start: int) -> Any:
    positions = np.arange(start, start + tokens.shape[1])
    inputs = {"tokens": tokens.numpy(), "input_pos": positions}
    return next(iter(session.run(inputs, signature).values()))
