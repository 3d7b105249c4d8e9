"""The report's page: what it holds, that it is the same each time, and what becomes of strange models."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from torch import nn

from litewright.compiler.driver.options import Options
from litewright.compiler.driver.report import Contents, report_conversion, report_file
from litewright.compiler.driver.request import ModuleRequest
from litewright.compiler.inspect.report.page import render
from litewright.compiler.targets import XNNPACK
from litewright.tools.main import main
from tests.models.decoder import Decoder, Prefill
from tests.models.decoder_config import DecoderConfig
from tests.support.tolerances import TOLERANCES

FACTORY = """
import torch
from torch import nn


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 300), nn.ReLU(), nn.Linear(300, 64)).eval(), (torch.ones(2, 8),)
"""


def content_of(page: str) -> dict[str, Any]:
    """The JSON that a page shows."""
    found = re.search(
        r'<script type="application/json" id="content">(.*?)</script>', page, re.DOTALL
    )
    assert found is not None
    return json.loads(found[1])


def decoder_requests(layers: int = 2) -> list[ModuleRequest]:
    torch.manual_seed(0)
    config = DecoderConfig.tiny(layers=layers)
    decoder = Decoder(config)
    return [
        ModuleRequest("prefill", Prefill(decoder), (), config.sample_inputs(8)),
        ModuleRequest("decode", decoder, (), config.sample_inputs(1)),
    ]


@pytest.fixture(scope="module", name="content")
def _content() -> dict[str, Any]:
    return content_of(report_conversion(decoder_requests(), Options(), Contents("decoder")))


def test_every_stage_of_every_signature_is_there(content: dict[str, Any]) -> None:
    assert list(content["snapshots"]) == ["prefill", "decode"]
    for stages in content["snapshots"].values():
        assert [len(stages[stage]) for stage in ("fx", "stablehlo", "tfl")] == [2, 2, 2]
        assert all(each["ops"] for kept in stages.values() for each in kept)


def test_modules_have_their_classes(content: dict[str, Any]) -> None:
    names = [(name, kind) for _, name, kind in content["tables"]["modules"]]
    assert ("self_attn", "Attention") in names
    assert ("layers.1", "DecoderLayer") in names
    assert ("lm_head", "Linear") in names


def test_origins_lead_to_the_users_lines(content: dict[str, Any]) -> None:
    tables = content["tables"]
    places = {(tables["labels"][o[1]], o[2], o[3]) for o in tables["origins"]}
    (file, line) = next((f, n) for label, f, n in places if label == "silu")
    assert tables["files"][file].endswith("tests/models/decoder.py")
    assert "silu" in tables["source"][file][str(line)]


def test_steps_tell_what_each_pass_did(content: dict[str, Any]) -> None:
    steps = content["steps"]
    assert [s["stage"] for s in steps] == sorted((s["stage"] for s in steps), key=_ORDER.index)
    applied = {rule for step in steps for rule in step["applied"]}
    assert applied, "rules are counted"
    for step in steps:
        if step["changes"] is not None:
            assert step["changed"]
            lines = [line for group in step["changes"]["groups"] for line in group["lines"]]
            assert all(line[0] in "+-" for line in lines)
        if not step["changed"]:
            assert step["before"] == step["after"]


_ORDER = ["fx", "stablehlo", "tfl"]


@pytest.mark.slow
def test_changes_of_alike_layers_are_folded() -> None:
    pages = [
        content_of(report_conversion(decoder_requests(n), Options(), Contents("n", run=False)))
        for n in (4, 12)
    ]
    sizes = [len(json.dumps(page["steps"])) for page in pages]
    assert sizes[1] < 1.5 * sizes[0], "three times the layers, and hardly more to tell"


def test_the_numbers_agree_with_eager_torch(content: dict[str, Any]) -> None:
    for name, errors in content["errors"].items():
        assert len(errors["layers"]) > 20, name
        for row, _, error, _, is_rearranged in errors["layers"]:
            assert is_rearranged or float(error) <= TOLERANCES["float32 model"], (name, row)
        assert all(float(e) <= TOLERANCES["float32 model"] for e in errors["results"].values())


def test_a_wrong_layer_shows_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A legalisation that computes something else is found in the modules that it is in."""
    from litewright.compiler.driver import report

    right = report._errors

    def wrong(path: Any, program: Any, recorder: Any, *rest: Any) -> Any:
        graph = recorder.graphs["decode"]
        for node in graph.graph_module.graph.nodes:
            if node.target is torch.ops.aten.silu.default and "layers.1" in node.name + str(
                node.meta.get("nn_module_stack")
            ):
                node.target = torch.ops.aten.relu.default
        graph.graph_module.recompile()
        return right(path, program, recorder, *rest)

    monkeypatch.setattr(report, "_errors", wrong)
    content = content_of(report_conversion(decoder_requests(), Options(), Contents("wrong")))
    calls = content["snapshots"]["decode"]["fx"][-1]["ops"]
    origins, labels = content["tables"]["origins"], content["tables"]["labels"]
    bad = [
        labels[origins[calls[row][0]][1]]
        for row, _, error, _, is_rearranged in content["errors"]["decode"]["layers"]
        if float(error) > TOLERANCES["float32 model"] and not is_rearranged
    ]
    assert bad, "an activation that was exchanged is seen"
    assert "embedding" not in bad


def test_weights_are_counted_where_they_are(content: dict[str, Any]) -> None:
    config = DecoderConfig.tiny()
    total = sum(row[2] for row in content["weights"]) + sum(row[2] for row in content["constants"])
    parameters = 4 * sum(torch.Size(shape).numel() for _, shape in config.parameter_shapes())
    assert total >= parameters


def test_what_is_not_delegated_has_a_reason(content: dict[str, Any]) -> None:
    for signature in content["signatures"]:
        left = [reason for reason in signature["reasons"] if reason >= 0]
        assert len(left) == signature["ops"] - signature["delegated"]
        assert all(content["tables"]["strings"][reason] for reason in left)


def test_the_delegate_is_asked(content: dict[str, Any]) -> None:
    for signature in content["signatures"]:
        placed = content["measured"][signature["name"]]["partition"]
        assert len(placed) == signature["ops"]
        assert sum(each >= 0 for each in placed) == signature["delegated"]


def test_work_is_counted_from_shapes() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3, groups=8)).eval()
    request = ModuleRequest("serving_default", net, (torch.randn(1, 3, 10, 10),))
    content = content_of(report_conversion([request], Options(), Contents("net", run=False)))
    work = sum(content["signatures"][0]["multiplications"])
    assert work == 8 * 8 * 8 * 27 + 6 * 6 * 8 * 9
    assert "errors" not in content
    assert "measured" not in content


def test_the_same_model_gives_the_same_bytes() -> None:
    contents = Contents("decoder", times=False)
    pages = [report_conversion(decoder_requests(), Options(), contents) for _ in range(2)]
    assert pages[0] == pages[1]
    assert "seconds" not in content_of(pages[0])


def test_names_of_the_model_cannot_end_the_script() -> None:
    class Odd(nn.Module):
        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"</script><script>alert(1)</script>": x + 1}

    request = ModuleRequest("serving_default", Odd().eval(), (torch.randn(2, 3),))
    page = report_conversion([request], Options(), Contents("<b>odd</b>"))
    assert page.count("</script>") == 2
    assert "<b>odd" not in page
    outputs = content_of(page)["signatures"][0]["outputs"]
    assert outputs == ["</script><script>alert(1)</script>: f32[2, 3]"]


def test_a_page_needs_nothing_from_elsewhere() -> None:
    page = report_conversion(decoder_requests(), Options(), Contents("decoder", run=False))
    assert not re.findall(r"(?:src|href)\s*=\s*[\"'](?!data:)", page)
    assert not re.findall(r"https?://|@import|fetch\(|XMLHttpRequest", page)


def test_a_file_of_any_converter(tmp_path: Path) -> None:
    from litewright.compiler.api import convert

    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 300), nn.ReLU(), nn.Linear(300, 64)).eval()
    path = tmp_path / "net.tflite"
    convert(net, (torch.randn(2, 8),)).export(path)
    content = content_of(report_file(path, XNNPACK, Contents("net.tflite")))
    assert content["bytes"] == path.stat().st_size
    assert content["steps"] == []
    assert list(content["snapshots"]["serving_default"]) == ["tfl"]
    assert content["measured"]["serving_default"]["partitions"] == 1
    assert [row[0] for row in content["weights"]] == ["2.weight"] or content["weights"]


def test_the_command_links_to_dumps(tmp_path: Path) -> None:
    (tmp_path / "factories.py").write_text(FACTORY)
    page = tmp_path / "page.html"
    arguments = ["report", f"{tmp_path}/factories.py:net", "-o", str(page)]
    result = CliRunner().invoke(
        main, [*arguments, "--dump-ir", str(tmp_path / "dumps"), "--no-run"]
    )
    assert result.exit_code == 0, result.output
    content = content_of(page.read_text())
    assert content["title"] == "factories.py:net"
    links = [step["link"] for step in content["steps"]]
    assert all((tmp_path / link).is_file() for link in links)
    assert any(link.endswith("_stablehlo.mlir") for link in links)
    assert not any("yesterday" in link for link in links)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.tflite"], "nowhere.tflite"),
        (["nowhere.py:net"], "there is no file nowhere.py"),
        (["nonsense"], "is not of the form MODULE:FACTORY"),
    ],
)
def test_the_command_says_what_is_wrong(arguments: list[str], told: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["report", *arguments, "-o", str(tmp_path / "page.html")])
    assert result.exit_code == 1
    assert told in result.output
    assert not (tmp_path / "page.html").exists()


def test_a_model_that_cannot_be_run_has_a_page_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from litewright.compiler.diagnostics import UserError
    from litewright.compiler.driver import running

    def fails(*_: object, **__: object) -> None:
        raise UserError("LiteRT failed in signature 'decode': on purpose")

    monkeypatch.setattr(running, "interior_values", fails)
    content = content_of(report_conversion(decoder_requests(), Options(), Contents("broken")))
    assert "on purpose" in content["errors"]["decode"]["failed"]
    assert content["measured"]["decode"]["partitions"] > 0


def test_what_is_not_finite_can_be_told() -> None:
    page = render("odd", {"errors": [float("inf"), float("nan"), 1.23456e-7]})
    assert content_of(page)["errors"] == ["Infinity", "NaN", 1.235e-7]


def test_the_other_target_has_its_own_reasons() -> None:
    from litewright.compiler.targets import target_named

    options = Options(target=target_named("gpu"))
    content = content_of(report_conversion(decoder_requests(), options, Contents("gpu")))
    assert content["target"]["name"] == "gpu"
    assert "measured" not in content, "what the CPU's delegate does is no news of the GPU's"
    assert content["errors"]["decode"]["results"]


def test_modules_are_timed_alone_and_alike_ones_once(content: dict[str, Any]) -> None:
    modules = content["tables"]["modules"]
    times = {int(number): time for number, time in content["module_times"]["decode"]}
    named = {modules[number][1]: time for number, time in times.items()}
    assert all(time > 0 for time in times.values())
    assert {"layers.1", "mlp", "down_proj", "lm_head"} <= set(named)
    both = [time for number, time in times.items() if modules[number][1] == "down_proj"]
    assert len(both) == 2
    assert both[0] == both[1], "two of one shape are measured once"
    assert "model" not in named, "nearly the whole model"


def test_quantised_weights_are_told(tmp_path: Path) -> None:
    (tmp_path / "factories.py").write_text(FACTORY)
    page = tmp_path / "page.html"
    arguments = ["report", f"{tmp_path}/factories.py:net", "-o", str(page), "--no-times"]
    result = CliRunner().invoke(main, [*arguments, "--quantize", "dynamic_int8"])
    assert result.exit_code == 0, result.output
    content = content_of(page.read_text())
    assert content["quantised"]
    assert any("int8" in symbol for symbol, *_ in content["weights"])
    (error,) = content["errors"]["serving_default"]["results"].values()
    assert TOLERANCES["float32 model"] < float(error) < 0.2
