"""Where MLIR looks for the Python views of dialects that it does not know itself."""
