"""What capture refuses, and that each message names the place and the cure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from litewright.compiler.capture import capture, from_exported_program
from litewright.compiler.diagnostics import ExportError, UserError

HERE = "test_errors.py:"


class Inner(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


class Outer(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Identity(), Inner(function))

    def forward(self, x: Tensor) -> Any:
        return self.block(x)


def _fails(module: nn.Module, *args: Any, error: type[UserError] = UserError, **kwargs: Any) -> str:
    with pytest.raises(error) as caught:
        capture("main", module, args, kwargs)
    assert type(caught.value) is error
    return str(caught.value)


def test_training_mode_names_the_modules() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(2)))
    message = _fails(module, torch.ones(2, 2))
    assert "1.0, 1.1" in message
    assert ".eval()" in message


def test_training_mode_without_consequence_is_fine() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.0)).train()
    capture("main", module, (torch.ones(2, 2),), {})


def test_functional_training_mode() -> None:
    message = _fails(Outer(lambda x: F.dropout(x, 0.5, True)), torch.ones(2))
    assert "block.1" in message
    assert HERE in message
    assert ".eval()" in message


def test_functional_batch_norm_in_training() -> None:
    def function(x: Tensor) -> Tensor:
        return F.batch_norm(x, torch.zeros(2), torch.ones(2), training=True)

    assert ".eval()" in _fails(Outer(function), torch.ones(3, 2))


class Two(nn.Module):
    def forward(self, x: Tensor, y: Tensor, *, scale: float = 1.0) -> Tensor:
        return (x + y) * scale


@pytest.mark.parametrize(
    ("args", "kwargs", "reason"),
    [
        ((torch.ones(2),), {}, "missing a required argument: 'y'"),
        ((torch.ones(2),) * 3, {}, "too many positional arguments"),
        ((torch.ones(2), torch.ones(2)), {"z": torch.ones(2)}, "unexpected keyword argument 'z'"),
    ],
)
def test_wrong_samples(args: Any, kwargs: Any, reason: str) -> None:
    message = _fails(Two(), *args, **kwargs)
    assert reason in message
    assert "Two.forward" in message
    assert "x: " in message
    assert "y: " in message
    assert "float32[2]" in message


@pytest.mark.parametrize("value", [3, 2.5, [1, 2], object()])
def test_samples_are_tensors(value: Any) -> None:
    message = _fails(Two(), torch.ones(2), torch.ones(2), scale=value)
    assert "'scale" in message
    assert type(value[0] if isinstance(value, list) else value).__name__ in message


def test_a_numpy_sample_is_no_tensor() -> None:
    assert "'y' is of type ndarray" in _fails(Two(), torch.ones(2), torch.ones(2).numpy())


@pytest.mark.parametrize(
    ("sample", "kind"),
    [
        (lambda: torch.eye(2).to_sparse(), "sparse_coo"),
        (lambda: torch.ones(2, dtype=torch.complex64), "complex64"),
        (lambda: torch.ones(2, dtype=torch.complex64), "view_as_real of it"),
        (lambda: torch.quantize_per_tensor(torch.ones(2), 1.0, 0, torch.qint8), "quantised"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_odd_tensors(sample: Callable[[], Tensor], kind: str) -> None:
    message = _fails(Two(), torch.ones(2), sample())
    assert "'y'" in message
    assert kind in message


def test_a_complex_input_of_an_exported_program_is_refused() -> None:
    module = Inner(lambda x: torch.view_as_real(x * 2))
    program = torch.export.export(module, (torch.ones(2, dtype=torch.complex64),))
    with pytest.raises(UserError, match=r"input 'x' is complex64.*view_as_real of it"):
        from_exported_program("main", program)


def test_a_complex_result_is_refused() -> None:
    message = _fails(Inner(lambda x: torch.complex(x, x)), torch.ones(2))
    assert "result 'output_0' is complex64" in message
    assert "return torch.view_as_real of it" in message


def test_complex_state_is_refused() -> None:
    class Complex(nn.Module):
        state: Tensor

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("state", torch.zeros(2, dtype=torch.complex64))

        def forward(self, x: Tensor) -> Tensor:
            self.state.add_(x)
            return self.state.real + x

    message = _fails(Complex(), torch.ones(2))
    assert "buffer 'state', which is state, is complex64" in message
    assert "keep torch.view_as_real of it" in message


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x[x > 0],
        torch.nonzero,
        lambda x: x * 2 if x.sum() > 0 else x,
        lambda x: x[: int(x.sum().item())],
        torch.unique,
    ],
)
@pytest.mark.parametrize("meta", [False, True])
def test_data_dependent(function: Callable[..., Any], *, meta: bool) -> None:
    module = Outer(function)
    if meta:
        module.register_parameter("unused", nn.Parameter(torch.ones(2, device="meta")))
    message = _fails(module, torch.ones(4))
    assert "block.1" in message
    assert HERE in message
    assert "depends on the values" in message


def test_any_other_failure_is_chained(caplog: pytest.LogCaptureFixture) -> None:
    def function(x: Tensor) -> Tensor:
        return x @ torch.ones(7, 7)

    with pytest.raises(ExportError) as caught:
        capture("main", Outer(function), (torch.ones(2, 3),), {})
    message = str(caught.value)
    assert caught.value.__cause__ is not None
    assert "block.1" in message
    assert HERE in message
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert "[2, 3] X [7, 7]" in message


def test_an_error_of_the_model_is_told() -> None:
    def function(x: Tensor) -> Tensor:
        raise KeyError(f"no such expert {x.dim()}")

    message = _fails(Outer(function), torch.ones(2), error=ExportError)
    assert "KeyError" in message
    assert "no such expert 1" in message


def test_a_buffer_on_meta_is_named() -> None:
    module = Outer(lambda x: x)
    module.block.register_buffer("table", torch.ones(2, device="meta"))
    assert "block.table" in _fails(module, torch.ones(2))


def test_a_result_that_is_no_tensor() -> None:
    message = _fails(Outer(lambda x: (x, 3)), torch.ones(2))
    assert "'output_1' is 3" in message


def test_dynamic_dimensions() -> None:
    batch = torch.export.Dim("batch", min=1, max=8)
    exported = torch.export.export(
        Two(),
        (torch.ones(4, 2), torch.ones(2)),
        dynamic_shapes={"x": {0: batch}, "y": None},
    )
    with pytest.raises(UserError, match="dynamic dimension"):
        from_exported_program("main", exported)


def test_parameters_come_back_after_a_failure() -> None:
    module = Outer(torch.nonzero)
    parameter = nn.Parameter(torch.ones(2, device="meta"))
    module.register_parameter("unused", parameter)
    _fails(module, torch.ones(4))
    assert module.unused is parameter
