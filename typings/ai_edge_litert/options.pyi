"""Types of `ai_edge_litert.options` (2.3), which ships none: the CPU's part."""

import enum
from dataclasses import dataclass
from typing import Any

from ai_edge_litert.hardware_accelerator import HardwareAccelerator

class CpuKernelMode(enum.IntEnum):
    DELEGATE = 0
    REFERENCE = 1
    BUILTIN = 2

@dataclass
class CpuOptions:
    num_threads: int = 0
    kernel_mode: CpuKernelMode | None = None
    enable_ynnpack: bool = False
    xnnpack_flags: int | None = None
    xnnpack_weight_cache_path: str = ""

class Options:
    hardware_accelerators: HardwareAccelerator
    def __init__(
        self,
        hardware_accelerators: HardwareAccelerator = ...,
        cpu_options: CpuOptions | None = None,
        gpu_options: Any = None,
        qualcomm_options: Any = None,
        intel_openvino_options: Any = None,
    ) -> None: ...
    @property
    def cpu_options(self) -> CpuOptions: ...
