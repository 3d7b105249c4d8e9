"""What was measured of language models, as data that a JSON file holds."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from benchmarks.results_file import read_results, write_results

SCHEMA_VERSION = 1


class Exporter(StrEnum):
    """Who made a model of the checkpoint."""

    LITEWRIGHT = "litewright"
    PEER = "litert-torch export_hf"
    AUTHORED = "litert-torch authoring layers"

    @property
    def in_peer_environment(self) -> bool:
        return self is not Exporter.LITEWRIGHT


@dataclass(slots=True)
class Timed:
    """A signature of one model at one number of threads.

    Seconds of a call: the median of all visits, and the shortest. `ratio` is the median, over neighbouring
    visits, of litewright's time over this one's; litewright's own is that of its file loaded a second time.
    """

    median: float
    shortest: float
    ratio: float


@dataclass(slots=True)
class SpeedResult:
    """A family at one cache length and one scheme of weights.

    `graphs` are ops and partitions of the delegate, and `timed` seconds, by exporter and signature; of `timed`
    the innermost key is the number of threads.
    """

    family: str
    layers: int
    cache: int
    scheme: str
    setting: dict[str, Any]
    failures: dict[str, str] = field(default_factory=dict[str, str])
    sizes: dict[str, int] = field(default_factory=dict[str, int])
    graphs: dict[str, dict[str, tuple[int, int]]] = field(
        default_factory=dict[str, dict[str, tuple[int, int]]]
    )
    timed: dict[str, dict[str, dict[str, Timed]]] = field(
        default_factory=dict[str, dict[str, dict[str, Timed]]]
    )

    @property
    def key(self) -> str:
        return f"{self.family}-{self.layers}-{self.cache}-{self.scheme}"


@dataclass(slots=True)
class ExportCost:
    """A checkpoint folder to a bundle: seconds of the fastest run behind imports, bytes of peak memory."""

    total: float
    peak: int
    anonymous: int
    size: int
    runs: int


@dataclass(slots=True)
class EngineRun:
    """A bundle in LiteRT-LM: seconds to load, tokens per second, bytes of peak memory of the process; medians."""

    load: float
    prefill: float
    decode: float
    peak: int
    runs: int


@dataclass(slots=True)
class BundleResult:
    """What bundles of a family with int8 weights cost to make, and how the engine runs them, by exporter."""

    family: str
    layers: int
    setting: dict[str, Any]
    failures: dict[str, str] = field(default_factory=dict[str, str])
    exports: dict[str, ExportCost] = field(default_factory=dict[str, ExportCost])
    engine: dict[str, dict[str, EngineRun]] = field(default_factory=dict[str, dict[str, EngineRun]])


@dataclass(slots=True)
class MemoryResult:
    """Our own runner on a model with two signatures: bytes of the file.

    `grown` is what the process grew by, `seconds` the median of a call by signature, both with weights packed
    `once` and once for `each` signature.
    """

    family: str
    layers: int
    scheme: str
    setting: dict[str, Any]
    file: int
    grown: dict[str, int]
    seconds: dict[str, dict[str, float]]


@dataclass(slots=True)
class Results:
    """Everything measured so far: what is measured again takes the place of its old self."""

    speed: dict[str, SpeedResult] = field(default_factory=dict[str, SpeedResult])
    bundles: dict[str, BundleResult] = field(default_factory=dict[str, BundleResult])
    memory: dict[str, MemoryResult] = field(default_factory=dict[str, MemoryResult])

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file that `save` wrote; nothing measured yet if there is none of this version."""
        data = read_results(path, SCHEMA_VERSION)
        if data is None:
            return cls()
        return cls(
            {key: _speed(each) for key, each in data["speed"].items()},
            {key: _bundles(each) for key, each in data["bundles"].items()},
            {key: MemoryResult(**each) for key, each in data["memory"].items()},
        )

    def save(self, path: Path) -> None:
        """Write the file whole."""
        write_results(path, SCHEMA_VERSION, self)


def _speed(data: dict[str, Any]) -> SpeedResult:
    timed = {
        exporter: {
            signature: {threads: Timed(**each) for threads, each in by_threads.items()}
            for signature, by_threads in signatures.items()
        }
        for exporter, signatures in data.pop("timed").items()
    }
    return SpeedResult(**data, timed=timed)


def _bundles(data: dict[str, Any]) -> BundleResult:
    exports = {name: ExportCost(**each) for name, each in data.pop("exports").items()}
    engine = {
        name: {threads: EngineRun(**each) for threads, each in by_threads.items()}
        for name, by_threads in data.pop("engine").items()
    }
    return BundleResult(**data, exports=exports, engine=engine)
