"""Encoders by one command, and run on texts: beside PyTorch, with real weights and with small ones."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from click.testing import CliRunner

import litewright
from litewright.generative.generation.embedding import TextEncoder
from litewright.generative.huggingface.encoder import convert_encoder
from litewright.generative.huggingface.encoder_export import export_encoder
from litewright.generative.huggingface.encoder_proof import prove_encoder
from litewright.quantize import QuantSpec, Rule, recipe
from litewright.tools.commands.export_hf import command
from tests.models.encoder import SENTENCES, sentence_encoder, sentence_encoder_folder, tokenize
from tests.support.slow import slow_but
from tests.support.tolerances import TOLERANCES, relative_error

_SIZES = {
    "vocab_size": 97,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
}
_DISTILLED = {"vocab_size": 97, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48}
_RELATIVE = {
    "relative_attention": True,
    "position_buckets": 16,
    "pos_att_type": ["p2c", "c2p"],
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
}
_LOCAL = {"cls_token_id": 1, "sep_token_id": 2, "bos_token_id": 1, "eos_token_id": 2}
_PAIR = ("input_ids", "attention_mask", "token_type_ids")
_T5 = {"vocab_size": 97, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}

# The class of transformers, its sizes beside the usual, what it is for, and the shape of its first result.
_MODELS: dict[str, tuple[dict[str, Any], str, tuple[int, ...]]] = {
    "BertForMaskedLM": (_SIZES, "fill-mask", (1, 16, 97)),
    "BertForSequenceClassification": ({**_SIZES, "num_labels": 3}, "text-classification", (1, 3)),
    "BertForQuestionAnswering": (_SIZES, "question-answering", (1, 16)),
    "RobertaForTokenClassification": (
        {**_SIZES, "pad_token_id": 1, "num_labels": 5},
        "token-classification",
        (1, 16, 5),
    ),
    "DistilBertForMaskedLM": (_DISTILLED, "fill-mask", (1, 16, 97)),
    "MPNetModel": ({**_SIZES, "pad_token_id": 1}, "feature-extraction", (1, 32)),
    "ElectraModel": ({**_SIZES, "embedding_size": 16}, "feature-extraction", (1, 32)),
    "AlbertModel": ({**_SIZES, "embedding_size": 16}, "feature-extraction", (1, 32)),
    "DebertaV2ForSequenceClassification": (
        {**_SIZES, **_RELATIVE},
        "text-classification",
        (1, 2),
    ),
    "ModernBertModel": (
        {**_SIZES, **_LOCAL, "local_attention": 8},
        "feature-extraction",
        (1, 32),
    ),
    "NomicBertModel": (_SIZES, "feature-extraction", (1, 32)),
    "T5EncoderModel": (_T5, "feature-extraction", (1, 32)),
    "CLIPTextModel": ({**_SIZES, "eos_token_id": 2}, "feature-extraction", (1, 32)),
}

_ALWAYS = ("BertForTokenClassification", "T5EncoderModel")


def _model(root: Path, kind: str, **sizes: Any) -> Any:
    library: Any = transformers
    torch.manual_seed(0)
    cls = getattr(library, kind)
    model = cls(cls.config_class(**sizes)).eval()
    model.save_pretrained(root)
    return model


@pytest.fixture(name="exported", scope="module")
def _exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("encoder") / "encoder.tflite"
    export_encoder(sentence_encoder_folder(), path, lengths=(16, 32), batch=2)
    return path


@pytest.mark.parametrize("kind", slow_but(_ALWAYS, _MODELS))
def test_architectures_and_heads(kind: str, tmp_path: Path) -> None:
    sizes, task, shape = _MODELS[kind]
    model = _model(tmp_path, kind, **sizes)
    encoder = convert_encoder(tmp_path, lengths=(16,))

    assert encoder.task.name == task
    outputs = encoder.edge.signatures["encode_16"].outputs
    assert [each.name for each in outputs] == list(encoder.task.outputs)
    assert outputs[0].shape == shape
    outcomes = prove_encoder(encoder)
    assert max(each.error for each in outcomes) <= TOLERANCES["float32 model"]
    assert min(each.cosine for each in outcomes) > 1 - TOLERANCES["float32 model"]
    if encoder.task.outputs == ("logits",):
        # Once beside what the class itself says of a text without padding.
        ids = torch.randint(3, 97, (1, 16), generator=torch.Generator().manual_seed(1))
        given: dict[str, Any] = {
            name: torch.ones(1, 16, dtype=torch.int32) for name in encoder.inputs
        }
        given["input_ids"] = ids.to(torch.int32)
        kinds = {"token_type_ids": torch.ones_like(ids)} if encoder.inputs == _PAIR else {}
        with torch.no_grad():
            expected = model(input_ids=ids, **kinds).logits.numpy()
        actual = np.asarray(encoder.edge(**given))
        assert relative_error(actual, expected) <= TOLERANCES["float32 model"]


def test_weights_are_read_as_they_are_written(tmp_path: Path) -> None:
    _model(tmp_path, "BertModel", **_SIZES)
    encoder = convert_encoder(tmp_path, lengths=(16,))
    parameters = list(encoder.checkpoint.model.parameters())
    prove_encoder(encoder)
    assert {each.device.type for each in parameters} == {"meta"}
    assert {each.device.type for each in encoder.checkpoint.model.parameters()} == {"meta"}


def test_texts_in_vectors_out(exported: Path) -> None:
    encoder = TextEncoder(exported, sentence_encoder_folder())
    short, long = SENTENCES[0], " ".join(SENTENCES)
    texts = [long, short, *SENTENCES[1:]]
    reference = sentence_encoder()

    made = encoder.encode(texts)

    assert (encoder.lengths, encoder.batch, encoder.width) == ((16, 32), 2, 384)
    assert made.shape == (7, 384)
    assert made.dtype == np.float32
    for text, vector in zip(texts, made, strict=True):
        with torch.no_grad():
            expected = reference(**tokenize([text], 32))[0].numpy()
        assert relative_error(vector, expected) <= TOLERANCES["float32 model"]
    assert len(encoder.tokens(long)) == 32
    alone = encoder.encode([short])
    assert relative_error(alone[0], made[1]) <= TOLERANCES["float32 model"]
    prompted = encoder.encode([short], prompt="query: ")
    both = encoder.encode([f"query: {short}"])
    assert np.array_equal(prompted, both)
    assert encoder.encode([]).shape == (0, 384)


def test_pairs_of_texts(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    model = _model(folder, "BertForSequenceClassification", **{**_SIZES, "vocab_size": 30522})
    tokenizer = (sentence_encoder_folder() / "tokenizer.json").read_text("utf-8")
    (folder / "tokenizer.json").write_text(tokenizer, "utf-8")
    export_encoder(folder, tmp_path / "model.tflite", lengths=(24,))
    encoder = TextEncoder(tmp_path / "model.tflite", folder)
    pair = SENTENCES[0], SENTENCES[1]

    made = encoder.encode([pair])

    encoding: Any = encoder.tokenizer.encode(*pair)
    with torch.no_grad():
        expected = model(
            input_ids=torch.tensor([encoding.ids]), token_type_ids=torch.tensor([encoding.type_ids])
        ).logits.numpy()
    assert set(encoding.type_ids) == {0, 1}
    assert relative_error(made, expected) <= TOLERANCES["float32 model"]


def test_what_is_no_encoder_of_texts_is_refused(exported: Path, tmp_path: Path) -> None:
    _model(tmp_path / "mlm", "BertForMaskedLM", **_SIZES)
    export_encoder(tmp_path / "mlm", tmp_path / "mlm.tflite", lengths=(8,), proof=False)
    litewright.convert(torch.nn.ReLU(), (torch.ones(2),)).export(tmp_path / "relu.tflite")
    tokenizer = sentence_encoder_folder()
    with pytest.raises(litewright.UserError, match="not one vector for each text"):
        TextEncoder(tmp_path / "mlm.tflite", tokenizer)
    with pytest.raises(litewright.UserError, match="no signature encode_T"):
        TextEncoder(tmp_path / "relu.tflite", tokenizer)
    with pytest.raises(litewright.UserError, match="there is no such tokenizer"):
        TextEncoder(exported, tmp_path)
    with pytest.raises(litewright.UserError, match="for one text write"):
        TextEncoder(exported, tokenizer).encode("text")


def _run(*arguments: object) -> Any:
    return CliRunner().invoke(command, [str(each) for each in arguments])


@pytest.mark.slow
def test_the_command_tells_what_it_found(tmp_path: Path) -> None:
    output, texts = tmp_path / "encoder.tflite", tmp_path / "texts.txt"
    texts.write_text("\n".join(SENTENCES), "utf-8")
    own = tmp_path / "own.json"
    calibrated = Rule(QuantSpec("int4", "block", 32, algorithm="gptq"), modules=r"layer\.0\.")
    own.write_text(recipe(calibrated, QuantSpec("int8")).to_json(), "utf-8")
    arguments = (sentence_encoder_folder(), "-o", output, "--lengths", "16,32", "--texts", texts)

    result = _run(*arguments, "--quantize", own, "--json")

    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert (facts["task"], facts["lengths"]) == ("feature-extraction", [16, 32])
    assert facts["bytes"] == output.stat().st_size < 24e6
    assert len(facts["trials"]) == 2 * len(SENTENCES)
    assert 0.97 < min(each["cosine"] for each in facts["trials"]) < 0.9999
    printed = _run(*arguments)
    assert printed.exit_code == 0, printed.output
    assert "feature-extraction: input_ids, attention_mask to embedding" in printed.stdout
    assert "1.00000" in printed.stdout


@pytest.mark.slow
def test_channels_are_equalised_without_texts(exported: Path, tmp_path: Path) -> None:
    folder = sentence_encoder_folder()
    vectors = [TextEncoder(exported, folder).encode(SENTENCES)]
    for name in ("dynamic_int8", "equalised_int8"):
        file = tmp_path / f"{name}.tflite"
        result = _run(folder, "-o", file, "--lengths", 32, "--quantize", name, "--no-proof")
        assert result.exit_code == 0, result.output
        vectors.append(TextEncoder(file, folder).encode(SENTENCES))
    original, plain, equalised = vectors
    losses = [1 - (each * original).sum(-1).mean() for each in (plain, equalised)]
    assert losses[1] < 0.8 * losses[0]


def test_one_error_and_nothing_left_behind(tmp_path: Path) -> None:
    folder, output = tmp_path / "checkpoint", tmp_path / "out" / "encoder.tflite"
    _model(folder, "BertModel", **_SIZES)
    output.parent.mkdir()
    cases: list[tuple[list[object], str]] = [
        (["--cache", 64], "--cache: not for the kind of model"),
        (["--cache", 64], " (encoder), which takes --batch, --lengths, --task, --texts"),
        (["--task", "summarisation"], "there is no task 'summarisation', only feature-extraction"),
        (["--lengths", "8,x"], "'8,x' is not a list of numbers"),
        (["--lengths", "65"], "65 tokens are more than the 64 positions"),
        (["--texts", tmp_path / "none"], "cannot read"),
        (["--texts", folder / "config.json"], "there is no such tokenizer"),
        (["--output", tmp_path / "encoder.litertlm"], "must end in .tflite"),
        (["--output", tmp_path / "none" / "encoder.tflite"], "there is no folder"),
    ]
    for arguments, message in cases:
        result = _run(folder, "-o", output, *arguments)
        assert result.exit_code != 0
        assert message in f"{result.output}{result.exception}", arguments
    assert list(output.parent.iterdir()) == []
    assert not (tmp_path / "encoder.litertlm").exists()
