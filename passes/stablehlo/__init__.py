"""Passes on StableHLO, a file each."""
