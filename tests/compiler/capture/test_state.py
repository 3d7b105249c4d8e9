"""Buffers that a call changes are state: they go in and come out under one name."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import litewright
from litewright.composites import kv_cache_update


class Memory(nn.Module):
    """Remembers what it was given, row by row."""

    state_names: ClassVar = {"rows": "memory_{}"}
    rows: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("rows", torch.zeros(4, 3), persistent=False)

    def forward(self, x: Tensor, at: Tensor) -> Tensor:
        self.rows.copy_(kv_cache_update(self.rows, x, at, 0))
        return self.rows.sum(0) * x


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = Memory(), Memory()

    def forward(self, x: Tensor, at: Tensor) -> Tensor:
        return self.second(self.first(x, at), at)


class Counter(nn.Module):
    count: Tensor

    def __init__(self, start: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("count", torch.full((2,), start))

    def forward(self, x: Tensor) -> Tensor:
        self.count += x
        return self.count * 2


class Peek(nn.Module):
    def __init__(self, counter: Counter) -> None:
        super().__init__()
        self.counter = counter

    def forward(self, x: Tensor) -> Tensor:
        return self.counter.count + x


def test_state_is_kept_from_call_to_call(tmp_path: Path) -> None:
    module = Two().eval()
    samples = (torch.zeros(1, 3), torch.zeros(1, dtype=torch.int64))
    edge = litewright.signature("step", module, samples).convert()
    edge.export(tmp_path / "memory.tflite")
    session = litewright.Session(tmp_path / "memory.tflite")
    assert set(session.state) == {"memory_0", "memory_1"}
    for row in (0, 2, 3, 2):
        x, at = torch.randn(1, 3), torch.tensor([row])
        made = session.run({"x": x.numpy(), "at": at.numpy()}, "step")
        np.testing.assert_allclose(made["output_0"], module(x, at).numpy(), rtol=1e-5, atol=1e-6)
    session.reset()
    module = Two().eval()
    x, at = torch.randn(1, 3), torch.tensor([1])
    made = session.run({"x": x.numpy(), "at": at.numpy()}, "step")
    np.testing.assert_allclose(made["output_0"], module(x, at).numpy(), rtol=1e-5, atol=1e-6)


def test_state_without_a_name_is_called_as_its_buffer() -> None:
    edge = litewright.convert(Counter().eval(), (torch.ones(2),))
    count = np.array([1.0, 2.0], np.float32)
    made = edge(x=np.ones(2, np.float32), count=count)
    np.testing.assert_array_equal(made["count"], count + 1)
    np.testing.assert_array_equal(made["output_0"], (count + 1) * 2)
    np.testing.assert_array_equal(count, [1.0, 2.0])


def test_an_exported_program_may_have_state() -> None:
    exported = torch.export.export(Counter().eval(), (torch.ones(2),))
    edge = litewright.compile({"serving_default": exported})
    made = edge(x=np.ones(2, np.float32), count=np.full(2, 3, np.float32))
    np.testing.assert_array_equal(made["count"], [4.0, 4.0])


def test_capturing_changes_no_buffer() -> None:
    module = Counter().eval()
    litewright.convert(module, (torch.ones(2),))
    assert not module.count.any()


def test_state_that_does_not_begin_with_zeros_is_refused() -> None:
    with pytest.raises(litewright.UserError, match=r"buffer count.*begins with zeros"):
        litewright.convert(Counter(start=1.0).eval(), (torch.ones(2),))


def test_what_one_signature_changes_is_no_constant_of_another() -> None:
    counter = Counter().eval()
    converter = litewright.signature("add", counter, (torch.ones(2),))
    with pytest.raises(litewright.UserError, match=r"'add' changes buffer .*count.* 'peek' only"):
        converter.signature("peek", Peek(counter).eval(), (torch.ones(2),)).convert()
