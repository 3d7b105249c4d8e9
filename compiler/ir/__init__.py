"""The representations: the door to MLIR, StableHLO and tfl, programs, origins, types."""
