"""Sentence encoders with pooling in the graph, beside PyTorch; one of them with real weights."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import save_file
from torch import nn

import litewright
from litewright.generative.huggingface.encoder import Encoder, convert_encoder
from litewright.generative.huggingface.encoder_proof import (
    Outcome,
    check_encoder,
    prove_encoder,
)
from litewright.generative.huggingface.pooling import POOLINGS, Pool
from tests.models.encoder import sentence_encoder, sentence_encoder_folder
from tests.support.tolerances import TOLERANCES, relative_error

_SIZES = {
    "vocab_size": 97,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 64,
}
_TRANSFORMER = {"path": "", "type": "sentence_transformers.models.Transformer"}
_POOLING = {
    "path": "1_Pooling",
    "type": "sentence_transformers.sentence_transformer.modules.pooling.Pooling",
}
_TANH = "torch.nn.modules.activation.Tanh"


def _model(root: Path, kind: str = "BertModel", **sizes: Any) -> Any:
    """A small model with random weights, in a folder and in memory."""
    library: Any = transformers
    torch.manual_seed(4)
    cls = getattr(library, kind)
    model = cls(cls.config_class(**{**_SIZES, **sizes})).eval()
    model.save_pretrained(root)
    return model


def _modules(root: Path, *others: dict[str, str], **pooling: Any) -> None:
    """The files that make a folder one of sentence-transformers."""
    entries = [_TRANSFORMER, _POOLING, *others]
    (root / "modules.json").write_text(json.dumps(entries))
    (root / "1_Pooling").mkdir(exist_ok=True)
    (root / "1_Pooling" / "config.json").write_text(json.dumps(pooling))


def _dense(root: Path, linear: nn.Linear, *, binary: bool = False, **config: Any) -> dict[str, str]:
    root.mkdir()
    sizes = {"in_features": linear.in_features, "out_features": linear.out_features}
    tensors = {f"linear.{name}": each.detach() for name, each in linear.named_parameters()}
    told = {**sizes, "bias": "linear.bias" in tensors, **config}
    (root / "config.json").write_text(json.dumps(told))
    if binary:
        torch.save(tensors, root / "pytorch_model.bin")
    else:
        save_file(tensors, root / "model.safetensors")
    return {"path": root.name, "type": "sentence_transformers.models.Dense"}


def _inputs(length: int, filled: int, vocabulary: int = 97) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(length)
    ids = torch.randint(0, vocabulary, (1, length), generator=generator, dtype=torch.int32)
    return ids, (torch.arange(length) < filled).to(torch.int32)[None]


def _states(model: Any, ids: torch.Tensor, filled: int) -> torch.Tensor:
    """[filled, width]: the text alone, without padding."""
    with torch.no_grad():
        return model(input_ids=ids[:, :filled]).last_hidden_state[0]


def test_real_weights_at_two_lengths(tmp_path: Path) -> None:
    encoder = convert_encoder(sentence_encoder_folder(), lengths=(32, 16))
    encoder.edge.export(tmp_path / "encoder.tflite")
    stored = (sentence_encoder_folder() / "model.safetensors").stat().st_size
    reference = sentence_encoder()

    assert encoder.lengths == (16, 32)
    for length in encoder.lengths:
        ids, mask = _inputs(length, length - 5, 30000)
        with torch.no_grad():
            expected = reference(ids, mask).numpy()
        name = f"encode_{length}"
        actual = encoder.edge(input_ids=ids, attention_mask=mask, signature_name=name)
        assert relative_error(actual, expected) <= TOLERANCES["float32 model"]
    outcomes = prove_encoder(encoder)
    check_encoder(outcomes)
    assert {(each.length, each.filled) for each in outcomes} == {
        (16, 8),
        (16, 16),
        (32, 16),
        (32, 32),
    }
    assert max(each.error for each in outcomes) <= TOLERANCES["float32 model"]
    assert (tmp_path / "encoder.tflite").stat().st_size < 1.1 * stored


@pytest.mark.parametrize("binary", [False, True], ids=["safetensors", "pickles"])
def test_dense_layers_are_part_of_the_graph(tmp_path: Path, *, binary: bool) -> None:
    model = _model(tmp_path)
    first, second = nn.Linear(32, 24), nn.Linear(24, 16, bias=False)
    entries = [
        _dense(tmp_path / "2_Dense", first, binary=binary, activation_function=_TANH),
        _dense(
            tmp_path / "3_Dense", second, activation_function="torch.nn.modules.linear.Identity"
        ),
        {"path": "4_Normalize", "type": "sentence_transformers.models.Normalize"},
    ]
    _modules(tmp_path, *entries, pooling_mode_mean_tokens=True, pooling_mode_cls_token=False)
    encoder = convert_encoder(tmp_path, lengths=(8,))
    ids, mask = _inputs(8, 5)

    actual = np.asarray(encoder.edge(input_ids=ids, attention_mask=mask))

    with torch.no_grad():
        projected = second(torch.tanh(first(_states(model, ids, 5).mean(0))))
    expected = (projected / projected.norm()).numpy()[None]
    assert relative_error(actual, expected) <= TOLERANCES["float32 model"]


def test_residuals_and_norms(tmp_path: Path) -> None:
    model = _model(tmp_path)
    linear, norm = nn.Linear(32, 32), nn.LayerNorm(32)
    with torch.no_grad():
        norm.weight.copy_(torch.rand(32))
    dense = _dense(tmp_path / "2_Dense", linear, activation_function=None, use_residual=True)
    (tmp_path / "3_LayerNorm").mkdir()
    (tmp_path / "3_LayerNorm" / "config.json").write_text('{"dimension": 32}')
    tensors = {f"norm.{name}": each.detach() for name, each in norm.named_parameters()}
    save_file(tensors, tmp_path / "3_LayerNorm" / "model.safetensors")
    layer_norm = {"path": "3_LayerNorm", "type": "sentence_transformers.models.LayerNorm"}
    dropout = {"path": "4_Dropout", "type": "sentence_transformers.models.Dropout"}
    _modules(tmp_path, dense, layer_norm, dropout, pooling_mode="cls")
    encoder = convert_encoder(tmp_path, lengths=(8,))
    ids, mask = _inputs(8, 5)

    actual = np.asarray(encoder.edge(input_ids=ids, attention_mask=mask))

    with torch.no_grad():
        first = _states(model, ids, 5)[0]
        expected = norm(torch.tanh(linear(first)) + first).numpy()[None]
    assert relative_error(actual, expected) <= TOLERANCES["float32 model"]


@pytest.mark.parametrize("mode", POOLINGS)
def test_the_folder_says_how_to_pool(mode: str, tmp_path: Path) -> None:
    model = _model(tmp_path)
    _modules(tmp_path, pooling_mode=mode)
    encoder = convert_encoder(tmp_path, lengths=(8,))
    ids, mask = _inputs(8, 5)

    actual = np.asarray(encoder.edge(input_ids=ids, attention_mask=mask))

    states = _states(model, ids, 5)
    numbers = torch.arange(1.0, 6.0)[:, None]
    expected = {
        "cls": states[0],
        "max": states.amax(0),
        "mean": states.mean(0),
        "mean_sqrt_len_tokens": states.sum(0) / 5**0.5,
        "weightedmean": (states * numbers).sum(0) / 15,
        "lasttoken": states[4],
    }[mode].numpy()[None]
    assert relative_error(actual, expected) <= TOLERANCES["float32 model"]
    assert abs(np.linalg.norm(actual) - 1) > 0.1


def test_several_poolings_lie_side_by_side_in_the_order_of_sentence_transformers(
    tmp_path: Path,
) -> None:
    model = _model(tmp_path)
    _modules(tmp_path, pooling_mode_mean_tokens=True, pooling_mode_cls_token=True)
    encoder = convert_encoder(tmp_path, lengths=(8,))
    ids, mask = _inputs(8, 5)

    actual = np.asarray(encoder.edge(input_ids=ids, attention_mask=mask))

    states = _states(model, ids, 5)
    expected = torch.cat([states[0], states.mean(0)]).numpy()[None]
    assert relative_error(actual, expected) <= TOLERANCES["float32 model"]


def test_the_transformer_may_lie_in_a_folder_of_its_own(tmp_path: Path) -> None:
    model = _model(tmp_path / "0_Transformer")
    _modules(tmp_path, pooling_mode="mean")
    entries = [{**_TRANSFORMER, "path": "0_Transformer"}, _POOLING]
    (tmp_path / "modules.json").write_text(json.dumps(entries))
    encoder = convert_encoder(tmp_path, lengths=(8,), normalised=True)
    ids, mask = _inputs(8, 5)

    actual = np.asarray(encoder.edge(input_ids=ids, attention_mask=mask))

    mean = _states(model, ids, 5).mean(0)
    assert relative_error(actual, (mean / mean.norm()).numpy()[None]) <= TOLERANCES["float32 model"]


def test_a_model_that_says_something_else_is_refused(tmp_path: Path) -> None:
    _model(tmp_path)
    encoder = convert_encoder(tmp_path, lengths=(8,))
    module = encoder.checkpoint.model
    assert isinstance(module, Encoder)
    module.pool = Pool("cls")

    with pytest.raises(litewright.UserError, match="4 of 8 tokens: error"):
        check_encoder(prove_encoder(encoder))


def test_what_is_not_known_is_refused_by_name(tmp_path: Path) -> None:
    _model(tmp_path)
    lstm = {"path": "2_LSTM", "type": "sentence_transformers.models.LSTM"}
    _modules(tmp_path, lstm, pooling_mode="mean")
    with pytest.raises(litewright.UserError, match="modules of kind LSTM are not known"):
        convert_encoder(tmp_path)
    _modules(tmp_path, pooling_mode_other=True)
    with pytest.raises(litewright.UserError, match="cannot be pooled by pooling_mode_other"):
        convert_encoder(tmp_path)
    _modules(tmp_path, pooling_mode="mean", include_prompt=False)
    with pytest.raises(litewright.UserError, match="include_prompt is false"):
        convert_encoder(tmp_path)
    dense = _dense(tmp_path / "2_Dense", nn.Linear(32, 8), module_input_name="token_embeddings")
    _modules(tmp_path, dense, pooling_mode="mean")
    with pytest.raises(litewright.UserError, match="module_input_name is 'token_embeddings'"):
        convert_encoder(tmp_path)
    (tmp_path / "modules.json").write_text(json.dumps([_TRANSFORMER]))
    with pytest.raises(litewright.UserError, match="expected one Transformer, then one Pooling"):
        convert_encoder(tmp_path)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"activation_function": "acme.Activation"}, "no module of torch.nn"),
        ({"activation_function": "torch.nn.functional.relu"}, "no module of torch.nn"),
        ({"out_features": 9}, r"asks for tensors linear.bias \[9\]"),
        ({"in_features": None}, "in_features must be a positive number, not None"),
    ],
)
def test_dense_layers_that_do_not_fit_are_told(
    config: dict[str, Any], message: str, tmp_path: Path
) -> None:
    _model(tmp_path)
    _modules(tmp_path, _dense(tmp_path / "2_Dense", nn.Linear(32, 8), **config))
    with pytest.raises(litewright.UserError, match=message):
        convert_encoder(tmp_path)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("modules.json", "{}", r"modules\.json: expected a list of JSON objects"),
        ("modules.json", "[1]", r"modules\.json: expected a list of JSON objects"),
        ("modules.json", "[", r"modules\.json: no JSON"),
        ("1_Pooling/config.json", "[]", r"config\.json: expected a JSON object"),
        ("2_Dense/config.json", None, r"there is no config\.json, which modules\.json asks for"),
    ],
)
def test_descriptions_of_another_form_are_told(
    file: str, content: str | None, message: str, tmp_path: Path
) -> None:
    _model(tmp_path)
    dense = _dense(tmp_path / "2_Dense", nn.Linear(32, 8))
    _modules(tmp_path, dense, pooling_mode="mean")
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_text(content)
    with pytest.raises(litewright.UserError, match=message):
        convert_encoder(tmp_path)


def test_what_cannot_be_asked_of_a_head_is_told(tmp_path: Path) -> None:
    _model(tmp_path, "BertForMaskedLM")
    with pytest.raises(litewright.UserError, match="nothing is pooled for fill-mask: leave"):
        convert_encoder(tmp_path, pooling="mean")
    with pytest.raises(litewright.UserError, match="a batch of 0 texts"):
        convert_encoder(tmp_path, batch=0)
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(litewright.UserError, match="no configuration: a list, no object"):
        convert_encoder(tmp_path)


def test_results_that_are_off_are_refused() -> None:
    with pytest.raises(
        litewright.UserError, match=r"  5 of 8 tokens: error 2\.0e-03\n.*--no-proof"
    ):
        check_encoder([Outcome(8, 8, 1e-6, 1.0), Outcome(8, 5, 2e-3, 0.99)])


def test_a_damaged_file_of_tensors_is_told(tmp_path: Path) -> None:
    _model(tmp_path)
    _modules(tmp_path, _dense(tmp_path / "2_Dense", nn.Linear(32, 8), binary=True))
    (tmp_path / "2_Dense" / "pytorch_model.bin").write_bytes(b"none")
    with pytest.raises(litewright.FormatError, match="no sound file of tensors"):
        convert_encoder(tmp_path)


def test_lengths_that_cannot_be_are_refused(tmp_path: Path) -> None:
    _model(tmp_path)
    with pytest.raises(litewright.UserError, match="65 tokens are more than the 64 positions"):
        convert_encoder(tmp_path, lengths=(65,))
    with pytest.raises(litewright.UserError, match="lengths must be positive"):
        convert_encoder(tmp_path, lengths=())
    with pytest.raises(litewright.UserError, match=r"there is no config\.json"):
        convert_encoder(tmp_path / "none")


def test_positions_behind_those_of_padding_are_not_used(tmp_path: Path) -> None:
    _model(tmp_path, "RobertaModel", pad_token_id=1)
    with pytest.raises(litewright.UserError, match="63 tokens are more than the 62 positions"):
        convert_encoder(tmp_path, lengths=(63,))
    check_encoder(prove_encoder(convert_encoder(tmp_path, lengths=(62,))))


def test_the_vector_of_the_first_token_that_nobody_reads_may_be_missing(tmp_path: Path) -> None:
    model = _model(tmp_path, "BertForMaskedLM").bert
    _modules(tmp_path, pooling_mode="cls")
    encoder = convert_encoder(tmp_path, lengths=(8,))
    ids, mask = _inputs(8, 5)
    actual = np.asarray(encoder.edge(input_ids=ids, attention_mask=mask))
    expected = _states(model, ids, 5)[:1].numpy()
    assert relative_error(actual, expected) <= TOLERANCES["float32 model"]
