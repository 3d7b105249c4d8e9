"""Types of `ai_edge_litert.hardware_accelerator` (2.3), which ships none."""

import enum

class HardwareAccelerator(enum.IntFlag):
    CPU = 1
    GPU = 2
    NPU = 4
