"""Types of `jaxlib.xla_client` (jaxlib 0.10): compiling and running on the CPU."""

from collections.abc import Sequence
from typing import Any

from jaxlib.mlir import ir

class Device:
    @property
    def client(self) -> Client: ...
    @property
    def platform(self) -> str: ...

class DeviceList:
    def __init__(self, devices: tuple[Device, ...]) -> None: ...

class CompileOptions:
    def __init__(self) -> None: ...
    def __getattr__(self, name: str) -> Any: ...
    def __setattr__(self, name: str, value: Any) -> None: ...

class ExecuteResults:
    def disassemble_into_single_device_arrays(self) -> list[list[Any]]: ...

class LoadedExecutable:
    def execute_sharded(
        self, arguments: Sequence[Any], with_tokens: bool = False
    ) -> ExecuteResults: ...

class Client:
    def compile_and_load(
        self,
        computation: ir.Module | str | bytes,
        executable_devices: DeviceList,
        compile_options: CompileOptions = ...,
    ) -> LoadedExecutable: ...
    def local_devices(self) -> list[Device]: ...
    def devices(self) -> list[Device]: ...
    def buffer_from_pyval(
        self, argument: object, device: Device | None = None, force_copy: bool = False
    ) -> Any: ...

def make_cpu_client() -> Client: ...
def __getattr__(name: str) -> Any: ...  # pyright: ignore[reportIncompleteStub]
