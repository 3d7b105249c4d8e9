"""Models that tests and benchmarks convert: plain torch, readable, no litewright unless said."""
