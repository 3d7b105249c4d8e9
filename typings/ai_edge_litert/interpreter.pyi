"""Types of `ai_edge_litert.interpreter` (2.3), which ships none."""

import enum
from collections.abc import Sequence
from os import PathLike
from typing import Any, TypedDict

from numpy.typing import NDArray

class QuantizationDetails(TypedDict):
    scales: NDArray[Any]
    zero_points: NDArray[Any]
    quantized_dimension: int
    block_size: int

class TensorDetails(TypedDict):
    name: str
    index: int
    shape: NDArray[Any]
    shape_signature: NDArray[Any]
    dtype: type[Any]
    quantization: tuple[float, int]
    quantization_parameters: QuantizationDetails
    sparsity_parameters: dict[str, Any]

class OpDetails(TypedDict):
    index: int
    op_name: str
    inputs: NDArray[Any]
    outputs: NDArray[Any]

class OpResolverType(enum.Enum):
    AUTO = 0
    BUILTIN = 1
    BUILTIN_REF = 2
    BUILTIN_WITHOUT_DEFAULT_DELEGATES = 3

class Delegate:
    def __init__(self, library: str, options: dict[str, Any] | None = None) -> None: ...

def load_delegate(library: str, options: dict[str, Any] | None = None) -> Delegate: ...

class SignatureRunner:
    def __call__(self, **kwargs: NDArray[Any]) -> dict[str, NDArray[Any]]: ...
    def get_input_details(self) -> dict[str, TensorDetails]: ...
    def get_output_details(self) -> dict[str, TensorDetails]: ...

class Interpreter:
    def __init__(
        self,
        model_path: str | PathLike[str] | None = None,
        model_content: bytes | bytearray | memoryview | None = None,
        experimental_delegates: Sequence[Delegate] | None = None,
        num_threads: int | None = None,
        experimental_op_resolver_type: OpResolverType = ...,
        experimental_preserve_all_tensors: bool = False,
        experimental_disable_delegate_clustering: bool = False,
        experimental_default_delegate_latest_features: bool = False,
        experimental_compress_quantization_zero_points: bool = False,
        experimental_disable_delegate_node_fusion: bool = False,
        experimental_force_delegate_node_profiling: bool = False,
    ) -> None: ...
    def allocate_tensors(self) -> None: ...
    def invoke(self) -> None: ...
    def reset_all_variables(self) -> None: ...
    def num_subgraphs(self) -> int: ...
    def get_tensor_details(self, subgraph_index: int = 0) -> list[TensorDetails]: ...
    def get_input_details(self) -> list[TensorDetails]: ...
    def get_output_details(self) -> list[TensorDetails]: ...
    def get_tensor(self, tensor_index: int, subgraph_index: int = 0) -> NDArray[Any]: ...
    def set_tensor(self, tensor_index: int, value: NDArray[Any]) -> None: ...
    def resize_tensor_input(
        self, input_index: int, tensor_size: Sequence[int], strict: bool = False
    ) -> None: ...
    def get_signature_list(self) -> dict[str, dict[str, list[str]]]: ...
    def get_signature_runner(self, signature_key: str | None = None) -> SignatureRunner: ...
    # Private, but the only way to see which ops a delegate took.
    def _get_ops_details(self) -> list[OpDetails]: ...
