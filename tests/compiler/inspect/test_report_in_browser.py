"""The report in a browser, from a file: what a reader clicks on shows what it promises."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from litewright.compiler.driver.options import Options
from litewright.compiler.driver.report import Contents, report_conversion, report_file, save
from litewright.compiler.driver.request import ModuleRequest
from litewright.compiler.targets import XNNPACK
from tests.models.decoder import Decoder, Prefill
from tests.models.decoder_config import DecoderConfig
from tests.support.browser import browser, complaints, open_page

pytestmark = pytest.mark.browser

_LAYERS = 22


@pytest.fixture(scope="module", name="driver")
def _driver() -> Iterator[Any]:
    with browser() as driver:
        yield driver


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory: pytest.TempPathFactory, driver: Any) -> Path:
    """The report on a decoder of two signatures, `decoder.html`; asks for the driver, to skip early."""
    folder = tmp_path_factory.mktemp("report")
    torch.manual_seed(0)
    config = DecoderConfig.tiny(layers=_LAYERS)
    decoder = Decoder(config)
    requests = [
        ModuleRequest("prefill", Prefill(decoder), (), config.sample_inputs(8)),
        ModuleRequest("decode", decoder, (), config.sample_inputs(1)),
    ]
    options = Options(dump_ir=folder / "dumps")
    page = report_conversion(requests, options, Contents("decoder", folder=folder))
    save(page, folder / "decoder.html")
    return folder


@pytest.fixture(name="page")
def _page(driver: Any, folder: Path) -> Iterator[Any]:
    """The driver, with the page open at its first view; afterwards nothing may be on the console."""
    open_page(driver, folder / "decoder.html")
    yield driver
    assert complaints(driver) == []


def _all(page: Any, selector: str) -> list[Any]:
    return page.find_elements("css selector", selector)


def _one(page: Any, selector: str) -> Any:
    return page.find_element("css selector", selector)


def _texts(page: Any, selector: str) -> list[str]:
    return [element.text for element in _all(page, selector)]


def _row(page: Any, name: str) -> Any:
    """The row of the tree that shows a name."""
    return next(row for row in _all(page, "#tree .row") if _one(row, ".name").text == name)


def _tab(page: Any, name: str) -> None:
    _one(page, f"#tab-{name}").click()


@pytest.mark.slow
def test_it_is_small_and_quick(page: Any, folder: Path) -> None:
    assert (folder / "decoder.html").stat().st_size < 3_000_000
    start = time.perf_counter()
    open_page(page, folder / "decoder.html", "tab=stages")
    assert _all(page, ".group")
    assert time.perf_counter() - start < 2


def test_the_overview_tells_size_ops_and_errors(page: Any) -> None:
    labels = _texts(page, ".card span")
    assert labels[:3] == ["file", "ops", "not delegated"]
    assert "worst error of a result" in labels
    assert _texts(page, ".signature h3") == ["prefill", "decode"]
    assert any("22 alike" in text for text in _texts(page, ".tensor"))


def test_layers_of_one_shape_are_one_row_until_it_is_opened(page: Any) -> None:
    assert "layers.5" not in _texts(page, "#tree .name")
    _row(page, f"layers.0 … {_LAYERS - 2}").click()
    assert "layers.5" in _texts(page, "#tree .name")


def test_the_filter_finds_modules_by_path_and_class(page: Any) -> None:
    _one(page, "body").send_keys("/")
    page.switch_to.active_element.send_keys("layers.7.mlp")
    assert _texts(page, "#tree .name") == [
        "decoder", "model", "layers.7", "mlp", "gate_proj", "up_proj", "down_proj",
    ]  # fmt: skip
    filter_box = _one(page, "#filter")
    filter_box.clear()
    filter_box.send_keys("rotarytable")
    assert _texts(page, "#tree .name") == ["decoder", "model", "rotary"]
    _row(page, "rotary").click()
    assert "module=model.rotary" in page.current_url


def test_stages_stand_side_by_side_by_source_line(page: Any, folder: Path) -> None:
    open_page(
        page, folder / "decoder.html", "tab=stages&signature=decode&module=model.layers.3.mlp"
    )
    assert _texts(page, ".stage-head b") == ["FX", "StableHLO", "tfl"]
    group = next(g for g in _all(page, ".group") if "silu" in _texts(g, "[data-stage=fx] b"))
    assert "decoder.py:" in _one(group, ".source").text
    assert "F.silu(" in _one(group, ".source code").text
    kinds = {
        cell.get_attribute("data-stage"): _texts(cell, ".op b") for cell in _all(group, ".cell")
    }
    assert "logistic" in kinds["tfl"]
    assert kinds["stablehlo"]


def test_an_op_marks_what_became_of_it(page: Any, folder: Path) -> None:
    open_page(
        page, folder / "decoder.html", "tab=stages&signature=decode&module=model.layers.3.mlp"
    )
    next(op for op in _all(page, "[data-stage=fx] .op") if _one(op, "b").text == "silu").click()
    stages = {
        op.find_element("xpath", "..").get_attribute("data-stage")
        for op in _all(page, ".op.pinned")
    }
    assert stages == {"fx", "stablehlo", "tfl"}


def test_a_stage_before_and_after_its_passes(page: Any, folder: Path) -> None:
    open_page(page, folder / "decoder.html", "tab=stages&signature=decode&module=model.layers.3")

    def count() -> int:
        return len(_all(page, "[data-stage=tfl] .op"))

    after = count()
    next(b for b in _all(page, ".stage-head:last-child button") if b.text == "as lowered").click()
    assert count() > after


def test_the_pass_list_leads_to_changes(page: Any) -> None:
    _tab(page, "passes")
    assert _texts(page, "#passes h3") == ["FX", "StableHLO", "tfl"]
    _one(page, "#pass-filter").send_keys("absorb-broadcasts")
    (only,) = _all(page, "#passes .pass")
    only.click()
    assert _one(page, "#pass h2").text == "absorb-broadcasts"
    assert _all(page, "#pass .gone")
    assert _all(page, "#pass .come")
    assert any("alike" in text for text in _texts(page, "#pass summary"))
    dump = _one(page, "#pass p a").get_attribute("href")
    assert dump.startswith("file:")
    assert dump.endswith("_absorb-broadcasts.mlir")


def test_passes_that_changed_nothing_can_be_hidden(page: Any) -> None:
    _tab(page, "passes")
    everything = len(_all(page, "#passes .pass"))
    _one(page, "#only-changes").click()
    assert 0 < len(_all(page, "#passes .pass")) < everything
    assert not _all(page, "#passes .idle")


def test_changes_follow_the_selected_module(page: Any, folder: Path) -> None:
    open_page(page, folder / "decoder.html", "tab=passes&module=lm_head")
    page.execute_script(
        "go({ step: content.steps.findIndex((each) => each.name === 'absorb-broadcasts') })"
    )
    assert not [text for text in _texts(page, "#pass .where") if "layers" in text]


def test_what_is_not_delegated_is_listed_by_reason(page: Any) -> None:
    _tab(page, "delegation")
    assert _one(page, "#metric").get_attribute("value") == "left"
    reasons = _texts(page, "#left summary b")
    assert "lookups have no kernel" in reasons
    _one(page, "#left .left-op .module").click()
    assert "module=" in page.current_url
    assert _one(page, "#tree .selected")


def test_numbers_time_and_bytes_are_told(page: Any) -> None:
    for tab, told in (("numbers", "Results"), ("time", "Conversion"), ("bytes", "By element type")):
        _tab(page, tab)
        assert told in _texts(page, "h2")
        assert _all(page, "#main tbody tr")


def test_the_way_back_leads_back(page: Any) -> None:
    _tab(page, "bytes")
    _tab(page, "time")
    page.back()
    assert _one(page, "#tab-bytes").get_attribute("aria-selected") == "true"


def test_the_tree_is_walked_by_keyboard(page: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    _row(page, "decoder").click()
    _one(page, "#tree .selected").send_keys(Keys.ARROW_DOWN)
    page.switch_to.active_element.send_keys(Keys.ENTER)
    assert "module=model" in page.current_url


def test_light_and_dark(page: Any) -> None:
    def background() -> str:
        return _one(page, "body").value_of_css_property("background-color")

    before = background()
    _one(page, "#theme").click()
    assert background() != before


def test_a_narrow_window_does_not_scroll_sideways(page: Any) -> None:
    page.set_window_size(500, 900)
    try:
        for tab in ("overview", "stages", "passes", "delegation", "numbers"):
            _tab(page, tab)
            wide, shown = page.execute_script(
                "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
            )
            assert wide <= shown, tab
    finally:
        page.set_window_size(1400, 900)


def test_the_report_on_a_file_has_what_a_file_tells(driver: Any, tmp_path: Path) -> None:
    from litewright.compiler.api import convert

    config = DecoderConfig.tiny()
    model = tmp_path / "model.tflite"
    convert(Decoder(config), (), config.sample_inputs(1)).export(model)
    save(report_file(model, XNNPACK, Contents("model.tflite")), tmp_path / "page.html")
    open_page(driver, tmp_path / "page.html")
    tabs = _texts(driver, "nav button")
    assert tabs == ["Overview", "Stages", "Time", "Bytes", "Delegation"]
    for tab in ("stages", "time", "bytes", "delegation"):
        _tab(driver, tab)
    _tab(driver, "stages")
    assert _texts(driver, ".stage-head b") == ["tfl"]
    assert complaints(driver) == []


def test_a_pass_far_down_the_list_is_shown_without_losing_the_place(page: Any) -> None:
    _tab(page, "passes")
    last = _all(page, "#passes .pass")[-1]
    page.execute_script("arguments[0].scrollIntoView()", last)
    last.click()
    assert page.execute_script("return document.getElementById('passes').scrollTop") > 0
    top = page.execute_script(
        "return document.querySelector('#pass h2').getBoundingClientRect().top"
    )
    assert 0 < top < 300


def test_what_differs_in_a_line_is_set_off(page: Any) -> None:
    _tab(page, "passes")
    marks = _texts(page, "#pass mark")
    assert marks
    lines = [text.strip() for text in _texts(page, "#pass pre > span")]
    assert not set(marks) & set(lines), "a part of the line, not all of it"


def test_what_rounding_has_lost_is_told_worst_first(driver: Any, tmp_path: Path) -> None:
    from litewright.compiler.driver.extensions import effective, plan_for
    from litewright.compiler.driver.quantization import with_recipe

    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(64, 300), torch.nn.Linear(300, 512)).eval()
    request = ModuleRequest("main", module, (torch.randn(2, 64),), {})
    options = Options(plan=with_recipe(plan_for(None, effective()), "int4_block32"))
    save(report_conversion([request], options, Contents("net")), tmp_path / "page.html")
    open_page(driver, tmp_path / "page.html", "tab=bytes")
    rows = [row.text for row in _all(driver, "#losses tbody tr")]
    found = [float(text.rpartition(" dB")[0].split()[-1]) for text in rows]
    assert len(found) == 2
    assert found == sorted(found)
    # 64 columns are blocks of 32, 300 are not: these become integers of 8 bits.
    assert "int4 block 32" in rows[0]
    assert "int8" in rows[1]
    _one(driver, "#losses .module").click()
    assert len(_all(driver, "#losses tbody tr")) == 1
    assert complaints(driver) == []
