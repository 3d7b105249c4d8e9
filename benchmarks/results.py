"""What was measured, as data that a JSON file holds."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from benchmarks.results_file import read_results, write_results

SCHEMA_VERSION = 1


@dataclass(slots=True)
class Conversion:
    """One conversion, the fastest of several.

    Seconds by stage add up to about `total`; `before` is what came first (the import of the
    library, the building of the module). Memory in bytes, mapped file pages included: the peak of
    the whole process over all runs, and its anonymous and file-mapped parts at their own peaks.
    """

    stages: dict[str, float]
    total: float
    before: dict[str, float]
    peak: int
    anonymous: int
    file: int
    runs: int = 1


@dataclass(slots=True)
class Graph:
    """The ops of one signature.

    `expanded` counts composites as their decompositions; `outside` are the ops in no partition of
    the delegate.
    """

    ops: int
    expanded: int
    histogram: dict[str, int]
    partitions: int
    outside: dict[str, int]


@dataclass(slots=True)
class Latency:
    """Seconds of a call: the median, and the tenth percentile, which other work disturbs less."""

    median: float
    low: float
    calls: int


@dataclass(slots=True)
class SideResult:
    """One converter on one case; `failure` says what went wrong, and nothing after that is known.

    `errors` are relative to the largest magnitude of the output, by whether the delegate ran.
    `latency` is by signature, then by number of threads.
    """

    failure: str | None = None
    conversion: Conversion | None = None
    size: int | None = None
    graphs: dict[str, Graph] = field(default_factory=dict[str, Graph])
    errors: dict[str, float] = field(default_factory=dict[str, float])
    latency: dict[str, dict[str, Latency]] = field(default_factory=dict[str, dict[str, Latency]])
    run_peak: int | None = None


@dataclass(slots=True)
class CaseResult:
    """All sides of one case, from one run.

    `control` is the latency of the same file loaded twice as a ratio: how far two equal things
    were apart. `failure` says why there are no latencies, where there are none.
    """

    title: str
    setting: dict[str, Any]
    failure: str | None = None
    sides: dict[str, SideResult] = field(default_factory=dict[str, SideResult])
    control: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])


@dataclass(slots=True)
class LayerCost:
    """What one decoder layer more costs a converter: the 8-layer model minus the 4-layer one, / 4.

    Seconds by stage, bytes of peak memory, and ops by signature. `capture` and `copy`, in seconds,
    are what it is compared with: `torch.export` with its decompositions on fake tensors, by part,
    and a plain copy of the bytes the layer adds to the file; `synced_copy` is the same copy, and
    the wait until the disk has it, which litewright's writer includes.
    """

    setting: dict[str, Any]
    stages: dict[str, dict[str, float]]
    peak: dict[str, int]
    ops: dict[str, dict[str, float]]
    file_bytes: dict[str, int]
    capture: dict[str, float]
    copy: float
    synced_copy: float
    failures: dict[str, str]


@dataclass(slots=True)
class PassesResult:
    """What litewright's passes cost and gain.

    `seconds` are those of each pass on the model called `title`, all signatures together, in the
    fastest of several conversions; `conversion` is the whole of one without writing, `export` what
    `torch.export` and its decompositions take for the same model. `rewrites` are counts by rule.
    `graphs` is by title of a model, by the last stage whose passes ran, by signature. `imports` are
    seconds of whole processes by what they import.
    """

    setting: dict[str, Any]
    title: str
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    rewrites: dict[str, int] = field(default_factory=dict[str, int])
    conversion: float = 0.0
    export: dict[str, float] = field(default_factory=dict[str, float])
    imports: dict[str, float] = field(default_factory=dict[str, float])
    graphs: dict[str, dict[str, dict[str, Graph]]] = field(
        default_factory=dict[str, dict[str, dict[str, Graph]]]
    )


@dataclass(slots=True)
class Results:
    """Everything measured so far: a case that is measured again takes the place of its old self."""

    cases: dict[str, CaseResult] = field(default_factory=dict[str, CaseResult])
    layer_cost: LayerCost | None = None
    passes: PassesResult | None = None

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file that `save` wrote; nothing measured yet if there is none of this version."""
        data = read_results(path, SCHEMA_VERSION)
        if data is None:
            return cls()
        cost = data["layer_cost"]
        return cls(
            {name: _case(case) for name, case in data["cases"].items()},
            None if cost is None else LayerCost(**cost),
            _passes(data.get("passes")),
        )

    def save(self, path: Path) -> None:
        """Write the file whole."""
        write_results(path, SCHEMA_VERSION, self)


def _passes(data: dict[str, Any] | None) -> PassesResult | None:
    if data is None:
        return None
    graphs = {
        title: {plan: {n: Graph(**g) for n, g in each.items()} for plan, each in plans.items()}
        for title, plans in data.pop("graphs").items()
    }
    return PassesResult(**data, graphs=graphs)


def _case(data: dict[str, Any]) -> CaseResult:
    sides = {name: _side(side) for name, side in data.pop("sides").items()}
    return CaseResult(**data, sides=sides)


def _side(data: dict[str, Any]) -> SideResult:
    conversion = data.pop("conversion")
    graphs = {name: Graph(**graph) for name, graph in data.pop("graphs").items()}
    latency = {
        name: {threads: Latency(**value) for threads, value in by_threads.items()}
        for name, by_threads in data.pop("latency").items()
    }
    known = None if conversion is None else Conversion(**conversion)
    return SideResult(**data, conversion=known, graphs=graphs, latency=latency)
