"""Bundles: what is written is read again, equal every time, and refused by name where it is damaged."""

import json
import zipfile
from pathlib import Path

import pytest
from sentencepiece import SentencePieceProcessor

import litewright
from litewright.generative.bundle.container import Kind, read_container
from litewright.generative.bundle.metadata import LanguageFacts
from litewright.generative.bundle.reading import open_bundle
from litewright.generative.bundle.writing import write_litertlm, write_task
from tests.generative.small_tokenizers import write_sentencepiece

_FACTS = LanguageFacts(1, (2, 5), 128, "{% for m in messages %}{{ m.content }}{% endfor %}")


@pytest.fixture
def parts(tmp_path: Path) -> tuple[Path, Path]:
    model, tokenizer = tmp_path / "model.tflite", tmp_path / "tokenizer.json"
    model.write_bytes(bytes(range(256)) * 300)
    tokenizer.write_text(json.dumps({"model": {"vocab": ["a", "b"]}}))
    return model, tokenizer


def _write(path: Path, parts: tuple[Path, Path]) -> Path:
    metadata = _FACTS.to_metadata()
    write_litertlm(
        path, model=parts[0], tokenizer=parts[1], metadata=metadata, facts={"Authors": "us"}
    )
    return path


def test_a_container_is_read_as_it_was_written(tmp_path: Path, parts: tuple[Path, Path]) -> None:
    bundle = open_bundle(_write(tmp_path / "m.litertlm", parts))
    assert bundle.facts["Authors"] == "us"
    assert [each.kind for each in bundle.parts] == [Kind.METADATA, Kind.TOKENIZER, Kind.MODEL]
    for path, kind in zip(parts, (Kind.MODEL, Kind.TOKENIZER), strict=True):
        part = bundle.part(kind)
        assert part is not None
        assert part.content() == path.read_bytes()
    metadata = bundle.metadata()
    assert list(metadata.start_token.token_ids.ids) == [1]
    assert [list(each.token_ids.ids) for each in metadata.stop_tokens] == [[2], [5]]
    assert metadata.max_num_tokens == 128
    assert metadata.jinja_prompt_template == _FACTS.chat_template


def test_sections_begin_at_whole_blocks(tmp_path: Path, parts: tuple[Path, Path]) -> None:
    _, sections = read_container(_write(tmp_path / "m.litertlm", parts))
    assert all(each.begin % (16 * 1024) == 0 for each in sections)


def test_equal_contents_are_equal_bytes_and_others_have_another_identity(
    tmp_path: Path, parts: tuple[Path, Path]
) -> None:
    one, two = _write(tmp_path / "1.litertlm", parts), _write(tmp_path / "2.litertlm", parts)
    assert one.read_bytes() == two.read_bytes()
    parts[0].write_bytes(b"\1" + parts[0].read_bytes()[1:])
    three = _write(tmp_path / "3.litertlm", parts)
    assert open_bundle(three).facts["uuid"] != open_bundle(one).facts["uuid"]


def test_a_task_is_stored_uncompressed(tmp_path: Path, parts: tuple[Path, Path]) -> None:
    write_sentencepiece(tmp_path)
    tokenizer = tmp_path / "tokenizer.model"
    paths = [tmp_path / "1.task", tmp_path / "2.task"]
    for path in paths:
        write_task(path, model=parts[0], tokenizer=tokenizer, metadata=_FACTS.to_metadata())
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(paths[0]) as archive:
        assert {each.compress_type for each in archive.infolist()} == {zipfile.ZIP_STORED}
    model = open_bundle(paths[0]).part(Kind.MODEL)
    assert model is not None
    assert model.content() == parts[0].read_bytes()


def test_a_task_tells_of_tokens_by_their_texts(tmp_path: Path, parts: tuple[Path, Path]) -> None:
    write_sentencepiece(tmp_path)
    path, tokenizer = tmp_path / "m.task", tmp_path / "tokenizer.model"
    write_task(path, model=parts[0], tokenizer=tokenizer, metadata=_FACTS.to_metadata())
    metadata = open_bundle(path).metadata()
    assert metadata.start_token.token_str == "<s>"
    pieces = SentencePieceProcessor(model_file=str(tokenizer))
    assert [each.token_str for each in metadata.stop_tokens] == ["</s>", pieces.id_to_piece(5)]


def test_a_task_wants_tokens_of_its_tokenizer(tmp_path: Path, parts: tuple[Path, Path]) -> None:
    write_sentencepiece(tmp_path)
    path, tokenizer = tmp_path / "m.task", tmp_path / "tokenizer.model"
    facts = LanguageFacts(None, (2, 97), 128)
    with pytest.raises(litewright.UserError, match="token 97, which begins or ends texts"):
        write_task(path, model=parts[0], tokenizer=tokenizer, metadata=facts.to_metadata())
    assert not path.exists()


def test_what_is_no_sentencepiece_model_is_refused(
    tmp_path: Path, parts: tuple[Path, Path]
) -> None:
    path, tokenizer = tmp_path / "m.task", parts[1].rename(tmp_path / "tokenizer.model")
    with pytest.raises(litewright.UserError, match="no SentencePiece model"):
        write_task(path, model=parts[0], tokenizer=tokenizer, metadata=_FACTS.to_metadata())
    assert not path.exists()


def test_a_task_takes_no_tokenizer_json(tmp_path: Path, parts: tuple[Path, Path]) -> None:
    path = tmp_path / "m.task"
    with pytest.raises(litewright.UserError, match="SentencePiece tokenizers alone"):
        write_task(path, model=parts[0], tokenizer=parts[1], metadata=b"")
    assert not path.exists()


def test_extraction_writes_every_part(tmp_path: Path, parts: tuple[Path, Path]) -> None:
    written = open_bundle(_write(tmp_path / "m.litertlm", parts)).extract(tmp_path / "out")
    assert [path.name for path in written] == ["metadata.pbtext", "tokenizer.json", "model.tflite"]
    assert "max_num_tokens: 128" in written[0].read_text()
    assert written[2].read_bytes() == parts[0].read_bytes()


@pytest.mark.parametrize("size", [0, 7, 20, 31, 40, 300, 16 * 1024, 40_000])
def test_a_container_cut_short_is_refused(
    tmp_path: Path, parts: tuple[Path, Path], size: int
) -> None:
    path = _write(tmp_path / "m.litertlm", parts)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(litewright.FormatError, match=r"m\.litertlm"):
        open_bundle(path)


def test_what_is_no_bundle_is_refused(parts: tuple[Path, Path]) -> None:
    with pytest.raises(litewright.FormatError, match=r"neither a \.litertlm nor a \.task"):
        open_bundle(parts[0])


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(litewright.UserError, match="cannot read"):
        open_bundle(tmp_path / "absent.litertlm")


def test_nothing_is_left_where_writing_fails(tmp_path: Path, parts: tuple[Path, Path]) -> None:
    path = tmp_path / "out" / "m.litertlm"
    path.parent.mkdir()
    parts[0].unlink()
    with pytest.raises(litewright.WriteError):
        _write(path, parts)
    assert not list(path.parent.iterdir())
