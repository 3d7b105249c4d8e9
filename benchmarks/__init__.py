"""Side by side with litert-torch: conversion time and memory, files, graphs, latency, error.

`python -m benchmarks` runs everything. The parent process imports neither torch nor a runtime; each
measurement is a child process of its own, in `benchmarks/worker/`, in this environment or in the
peer's.
"""
