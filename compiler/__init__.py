"""The compiler: driver and public API, capture, representations, weights, targets, inspection."""
