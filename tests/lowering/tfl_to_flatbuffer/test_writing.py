"""The whole file or none: what happens when a file cannot be written."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from litewright.compiler.diagnostics import UserError, WriteError
from litewright.compiler.ir import mlir, tfl
from litewright.compiler.ir.program import Program, owner_function
from litewright.compiler.weights import Leaf
from litewright.lowering.tfl_to_flatbuffer import writer
from tests.lowering.tfl_to_flatbuffer.programs import Array, like, program_of, run, saved

_OLD = b"what was there before"


class _Source:
    """A weight that fails as it is told to."""

    shape = (256, 128)
    dtype = np.dtype(np.float32)

    def __init__(self, failure: BaseException | None = None) -> None:
        self._failure = failure

    def read(self) -> Array:
        if self._failure is not None:
            raise self._failure
        return np.ones(self.shape, np.float32)


@pytest.fixture(autouse=True)
def _context() -> Iterator[None]:
    with mlir.use(mlir.make_context()):
        yield


def _program(source: _Source) -> Program:
    program = program_of(lambda x: tfl.emit("neg", [x], x.type), [np.ones(1, np.float32)], "other")
    program.weights.add("w", source)

    def build(x: mlir.ir.Value) -> mlir.ir.Value:
        weight = program.weight_argument(owner_function(x), Leaf("w"))
        return tfl.emit("fully_connected", [x, weight], like(1, 256))

    from tests.lowering.tfl_to_flatbuffer.programs import add_signature

    add_signature(program, build, [np.ones((1, 128), np.float32)], "main")
    return program


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "model.tflite"
    path.write_bytes(_OLD)
    return path


def _assert_untouched(target: Path) -> None:
    assert target.read_bytes() == _OLD
    assert list(target.parent.iterdir()) == [target]


def test_disk_full_in_the_middle(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = 0
    real = os.write

    def full(descriptor: int, data: memoryview) -> int:
        nonlocal written
        if written > 4096:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        count = real(descriptor, memoryview(data)[:4096])
        written += count
        return count

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(WriteError, match=r"cannot write .*model\.tflite: No space left on device"):
        writer.write(_program(_Source()), target)
    monkeypatch.undo()
    _assert_untouched(target)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_device_is_refused() -> None:
    with pytest.raises(WriteError, match="no regular file"):
        writer.write(_program(_Source()), "/dev/full")
    assert not Path("/dev/full").is_file()


def test_interrupted(target: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        writer.write(_program(_Source(KeyboardInterrupt())), target)
    _assert_untouched(target)


def test_weight_that_cannot_be_read(target: Path) -> None:
    missing = FileNotFoundError(errno.ENOENT, "No such file or directory")
    with pytest.raises(UserError, match="cannot read w: No such file or directory") as caught:
        writer.write(_program(_Source(missing)), target)
    assert not isinstance(caught.value, WriteError)
    _assert_untouched(target)


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="No such file or directory"):
        writer.write(_program(_Source()), tmp_path / "absent" / "model.tflite")
    assert list(tmp_path.iterdir()) == []


def test_target_is_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "model.tflite"
    folder.mkdir()
    with pytest.raises(WriteError, match="no regular file"):
        writer.write(_program(_Source()), folder)
    assert list(tmp_path.iterdir()) == [folder]


def test_replaces_what_a_link_points_to(target: Path) -> None:
    link = target.with_name("link.tflite")
    link.symlink_to(target)
    target.chmod(0o640)
    writer.write(_program(_Source()), link)
    assert link.is_symlink()
    assert target.read_bytes() == link.read_bytes() != _OLD
    assert target.stat().st_mode & 0o777 == 0o640


def test_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.touch()
    path = saved(_program(_Source()), tmp_path)
    assert path.stat().st_mode == other.stat().st_mode


def test_reports_progress(tmp_path: Path) -> None:
    seen: list[float] = []
    writer.write(_program(_Source()), tmp_path / "model.tflite", progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(seen) > 1


def test_same_program_same_bytes(tmp_path: Path) -> None:
    one = saved(_program(_Source()), tmp_path, "one.tflite")
    with mlir.use(mlir.make_context()):
        other = saved(_program(_Source()), tmp_path, "other.tflite")
    assert one.read_bytes() == other.read_bytes()


def _thrice(x: mlir.ir.Value) -> list[mlir.ir.Value]:
    return [x, x, tfl.constant(np.arange(3, dtype=np.float32))]


@pytest.mark.parametrize("element", ["f32", "i32", "i64", "i1", "i8", "f16"])
@pytest.mark.parametrize("delegate", [True, False])
def test_outputs_that_are_inputs(element: str, delegate: bool, tmp_path: Path) -> None:
    kind = like(2, 3, element=element)
    array = np.array([[1, 0, 1], [0, 0, 1]]).astype(np.dtype(_numpy(element)))
    path = saved(program_of(_thrice, [kind]), tmp_path)
    results = run(path, {"x0": array}, delegate=delegate)
    np.testing.assert_array_equal(results["y0"], array)
    np.testing.assert_array_equal(results["y1"], array)
    np.testing.assert_array_equal(results["y2"], [0, 1, 2])


def _numpy(element: str) -> str:
    return {"f32": "f4", "i32": "i4", "i64": "i8", "i1": "?", "i8": "i1", "f16": "f2"}[element]


@pytest.mark.parametrize("shape", [(-(2**63), 3), (-(2**63), 2, -(2**63))])
def test_dynamic_outputs_that_are_inputs(shape: tuple[int, ...], tmp_path: Path) -> None:
    path = saved(program_of(lambda x: [x, x], [like(*shape)]), tmp_path)
    array = np.arange(np.prod([4 if n < 0 else n for n in shape]), dtype=np.float32)
    array = array.reshape([4 if n < 0 else n for n in shape])
    results = run(path, {"x0": array})
    np.testing.assert_array_equal(results["y0"], array)
    np.testing.assert_array_equal(results["y1"], array)
