"""Types of `ai_edge_litert.compiled_model` (2.3), which ships none."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any

from ai_edge_litert.environment import Environment
from ai_edge_litert.hardware_accelerator import HardwareAccelerator
from ai_edge_litert.options import Options
from ai_edge_litert.tensor_buffer import TensorBuffer

class CompiledModel:
    @classmethod
    def from_file(
        cls,
        model_path: str,
        hardware_accel: HardwareAccelerator | None = None,
        environment: Environment | None = None,
        options: Options | None = None,
    ) -> CompiledModel: ...
    @classmethod
    def from_buffer(
        cls,
        model_data: bytes,
        hardware_accel: HardwareAccelerator | None = None,
        environment: Environment | None = None,
        options: Options | None = None,
    ) -> CompiledModel: ...
    def __enter__(self) -> CompiledModel: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None: ...
    def close(self) -> None: ...
    def get_signature_list(self) -> dict[str, dict[str, list[str]]]: ...
    def get_signature_by_index(self, index: int) -> dict[str, Any]: ...
    def get_num_signatures(self) -> int: ...
    # -1 if there is none of that name.
    def get_signature_index(self, key: str) -> int: ...
    def get_input_tensor_details(self, signature_key: str) -> dict[str, Any]: ...
    def get_output_tensor_details(self, signature_key: str) -> dict[str, Any]: ...
    def get_input_buffer_requirements(
        self, input_index: int, signature_index: int = 0
    ) -> dict[str, Any]: ...
    def get_output_buffer_requirements(
        self, output_index: int, signature_index: int = 0
    ) -> dict[str, Any]: ...
    def is_fully_accelerated(self) -> bool: ...
    def create_input_buffer_by_name(self, signature_key: str, input_name: str) -> TensorBuffer: ...
    def create_output_buffer_by_name(
        self, signature_key: str, output_name: str
    ) -> TensorBuffer: ...
    def create_input_buffers(self, signature_index: int) -> list[TensorBuffer]: ...
    def create_output_buffers(self, signature_index: int) -> list[TensorBuffer]: ...
    def resize_input_tensor(
        self,
        input_index: int,
        dims: Sequence[int],
        signature_index: int = 0,
        strict: bool = True,
    ) -> None: ...
    def resize_input_tensor_by_name(
        self, signature_key: str, input_name: str, dims: Sequence[int], strict: bool = True
    ) -> None: ...
    def run_by_name(
        self,
        signature_key: str,
        input_map: dict[str, TensorBuffer],
        output_map: dict[str, TensorBuffer],
    ) -> None: ...
    def run_by_index(
        self,
        signature_index: int,
        input_buffers: list[TensorBuffer],
        output_buffers: list[TensorBuffer],
    ) -> None: ...
