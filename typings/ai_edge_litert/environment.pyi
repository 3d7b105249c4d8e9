"""Types of `ai_edge_litert.environment` (2.3), which ships none."""

class Environment:
    @classmethod
    def create(
        cls,
        *,
        runtime_path: str | None = None,
        compiler_plugin_path: str = "",
        dispatch_library_path: str = "",
    ) -> Environment: ...
    def close(self) -> None: ...
