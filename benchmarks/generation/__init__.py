"""Language models as they are used: `python -m benchmarks.generation`.

Checkpoint folders with random weights become bundles, by `litewright export-hf` and by litert-torch's
`export_hf`; bundles and the graphs in them are compared as a runtime runs them, caches written in place.
"""
