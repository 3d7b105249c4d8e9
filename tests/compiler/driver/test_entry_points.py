"""Installed packages: what their entry points name is there, and what is wrong with it is told with its owner."""

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from litewright.compiler.diagnostics import LitewrightError, UserError
from litewright.compiler.driver.extensions import REGISTRY, effective, installed, plan_for

MODULE = """
from dataclasses import dataclass

import litewright
from litewright.passes.core import Pass, PatternRule, rule, decline


@dataclass(frozen=True)
class AcmePass(Pass):
    def run(self, unit):
        return False


@litewright.register_pass(stage="tfl", after="fuse-activations")
class AcmeRule(PatternRule):
    def pattern(self, op, x):
        return op.tfl.neg(op.tfl.neg(x))

    def rewrite(self, found):
        return found["x"]


@rule("stablehlo.erf")
def acme_erf(op, context):
    return decline("never")


class Zebra(AcmePass):
    pass


def lowering(context, x):
    return x


placed = litewright.place(AcmePass, stage="tfl", after="acme-rule")
beside = litewright.place(AcmePass, stage="tfl", after="zebra")
zebra = litewright.place(Zebra, stage="tfl")
several = [placed, AcmeRule]
@litewright.register_lowering("Acme::other")
def decorated(context, x):
    return x


row = ("acme::op", lowering)
rows = [row, ("acme::another", lowering), decorated]
target = litewright.compiler.targets.Target("acme", "a target of a test", {})
number = 3
"""

Install = Callable[..., None]


@pytest.fixture(name="install")
def _install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a distribution of one module, with entry points by group and name."""

    def install(
        groups: Mapping[str, Mapping[str, str]], owner: str = "acme", classes: str = "Acme"
    ) -> None:
        module, name = f"{owner}_rules", f"{owner}-rules"
        folder = tmp_path / name
        info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / f"{module}.py").write_text(MODULE.replace("Acme", classes))
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        points = [
            f"[litewright.{group}]\n" + "\n".join(f"{key} = {value}" for key, value in rows.items())
            for group, rows in groups.items()
        ]
        (info / "entry_points.txt").write_text("\n\n".join(points) + "\n")
        monkeypatch.syspath_prepend(str(folder))
        importlib.invalidate_caches()

    known = set(sys.modules)
    installed.cache_clear()
    with REGISTRY.isolated():
        yield install
    installed.cache_clear()
    for each in set(sys.modules) - known:
        if each.startswith(("acme_", "globex_")):
            del sys.modules[each]


def tfl_names() -> list[str]:
    return plan_for(None, effective()).names("tfl")


def test_each_group_adds_its_kind(install: Install) -> None:
    install(
        {
            "passes": {"all": "acme_rules:several"},
            "legalisations": {"erf": "acme_rules:acme_erf"},
            "lowerings": {"op": "acme_rules:row"},
            "targets": {"acme": "acme_rules:target"},
        }
    )
    found = effective()
    names = tfl_names()
    where = names.index("fuse-activations")
    assert names[where : where + 3] == ["fuse-activations", "acme-rule", "acme-pass"]
    assert [rule.name for rule in found.legalisations] == ["acme-erf"]
    assert [op for op, _ in found.lowerings] == ["Acme::other", "acme::op"]
    assert [target.name for target in found.targets] == ["acme"]


def test_rows_of_lowerings_and_decorated_ones(install: Install) -> None:
    install({"lowerings": {"ops": "acme_rules:rows"}})
    assert [op for op, _ in effective().lowerings] == ["Acme::other", "acme::another", "acme::op"]


def test_nothing_is_installed_where_nothing_is(install: Install) -> None:
    install({})
    assert not tfl_names().count("acme-rule")


def test_what_is_decorated_and_named_is_there_once(install: Install) -> None:
    install({"passes": {"a": "acme_rules:AcmeRule", "b": "acme_rules:AcmeRule"}})
    assert tfl_names().count("acme-rule") == 1


def test_packages_are_loaded_once(install: Install) -> None:
    install({"passes": {"a": "acme_rules:AcmeRule"}})
    assert effective() == effective()
    assert installed() is installed()


def test_one_package_may_place_its_passes_beside_those_of_another(install: Install) -> None:
    """The one that wants the other comes first by its name."""
    install({"passes": {"aardvark": "acme_rules:beside"}})
    install({"passes": {"zebra": "globex_rules:zebra"}}, "globex", "Globex")
    names = tfl_names()
    assert names.index("acme-pass") == names.index("zebra") + 1


@pytest.mark.parametrize(
    ("group", "value", "message"),
    [
        ("passes", "nothing_such:x", "cannot be loaded: ModuleNotFoundError"),
        ("passes", "acme_rules:nothing", "cannot be loaded: AttributeError"),
        ("passes", "acme_rules:number", "3 is no pass"),
        ("passes", "acme_rules:AcmePass", "pass acme-pass has no place"),
        ("passes", "acme_rules:beside", "wants a place by 'zebra', which is no pass on tfl"),
        ("legalisations", "acme_rules:AcmePass", "is no rule"),
        ("lowerings", "acme_rules:lowering", "is no lowering: decorate it"),
        ("targets", "acme_rules:number", "3 is no Target"),
        ("composites", "acme_rules:number", "cannot be marked"),
    ],
)
def test_what_is_wrong_is_told_with_the_package(
    group: str, value: str, message: str, install: Install
) -> None:
    install({group: {"bad": value}})
    with pytest.raises(LitewrightError) as caught:
        effective()
    told = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", ())])
    assert message in told
    assert f"entry point bad = {value} of acme-rules" in told


def test_two_packages_with_passes_of_one_name(install: Install) -> None:
    install({"passes": {"one": "acme_rules:zebra"}})
    install({"passes": {"two": "globex_rules:zebra"}}, "globex", "Globex")
    with pytest.raises(UserError) as caught:
        effective()
    told = "\n".join([str(caught.value), *caught.value.__notes__])
    assert "two passes on tfl are named 'zebra': acme_rules.Zebra and globex_rules.Zebra" in told
    assert "entry point one = acme_rules:zebra of acme-rules" in told
    assert "entry point two = globex_rules:zebra of globex-rules" in told


def test_two_packages_that_decorate_rules_of_one_name(install: Install) -> None:
    install({"passes": {"one": "acme_rules:AcmeRule"}})
    install({"passes": {"two": "globex_rules:AcmeRule"}}, "globex")
    with pytest.raises(UserError) as caught:
        effective()
    told = "\n".join([str(caught.value), *caught.value.__notes__])
    assert (
        "two passes on tfl are named 'acme-rule': acme_rules.acme-rule and globex_rules.acme-rule"
        in told
    )
    assert "entry point two = globex_rules:AcmeRule of globex-rules" in told
