"""The example package, as its readers install it: a wheel of its own in an environment of its own."""

import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

import litewright

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "custom_fusion"

Run = Callable[..., str]


def _run(*command: object, cwd: Path, code: int = 0) -> str:
    """The output of a command, which must end with an exit code."""
    done = subprocess.run(
        [str(each) for each in command],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


@pytest.fixture(name="environment", scope="module")
def _environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment that has litewright and what it needs, by reference, and the example's wheel."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder / "env", symlinks=True)
    python = folder / "env" / "bin" / "python"
    packages = folder / "env" / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    shared = [Path(litewright.__file__).parents[1], sysconfig.get_path("purelib")]
    (packages / "shared.pth").write_text("".join(f"{path}\n" for path in shared))
    # A copy, so that nothing is built in the checkout.
    source = folder / "source"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    _run("cp", "-r", EXAMPLE, source, cwd=folder)
    _run(
        *pip,
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        folder,
        source,
        cwd=folder,
    )
    (wheel,) = folder.glob("*.whl")
    _run(*pip, "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    return folder


@pytest.fixture(name="run")
def _litewright(environment: Path) -> Run:
    def run(*arguments: object, code: int = 0) -> str:
        command = (environment / "env" / "bin" / "python", *arguments)
        return _run(*command, cwd=environment / "source", code=code)

    return run


CLI = ("-m", "litewright.tools.main")
TEXT = """
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = {OP} %x : {TYPE}
  return %0 : tensor<4xf32>
}
"""


def test_all_of_it_fires_without_an_import_and_the_numbers_are_those_of_torch(run: Run) -> None:
    assert "import acme" not in (EXAMPLE / "demo.py").read_text()
    printed = run("demo.py")
    assert "hard-gate applied 2 times" in printed
    assert "fuse-distance applied 1 times" in printed
    (error,) = [
        line.split()[-1] for line in printed.splitlines() if line.startswith("largest error")
    ]
    assert 0 <= float(error) < 1e-6
    ops = run(*CLI, "inspect", "distances.tflite")
    assert "HARD_SWISH" in ops
    assert "ABS" in ops
    assert "MAXIMUM" not in ops


@pytest.mark.slow
def test_the_composite_is_in_the_dumps(run: Run, tmp_path: Path) -> None:
    run(*CLI, "convert", "demo.py:distances", "-o", tmp_path / "a.tflite", "--dump-ir", tmp_path)
    (text,) = [path.read_text() for path in tmp_path.glob("*_stablehlo.mlir")]
    assert text.count('stablehlo.composite "acme.hard_gate"') == 2
    assert "demo.py" in text


@pytest.mark.slow
def test_the_command_line_knows_them(run: Run, tmp_path: Path) -> None:
    hlo, tfl = tmp_path / "hlo.mlir", tmp_path / "tfl.mlir"
    hlo.write_text(TEXT.replace("{OP}", "stablehlo.abs").replace("{TYPE}", "tensor<4xf32>"))
    signature = "(tensor<4xf32>) -> tensor<4xf32>"
    tfl.write_text(TEXT.replace("{OP} %x", '"tfl.abs"(%x)').replace("{TYPE}", signature))
    listed = run(*CLI, "opt", tfl, "--list")
    assert "fuse-distance: maximum(x, y) - minimum(x, y) -> abs(x - y)." in listed
    listed = run(*CLI, "opt", hlo, "--list")
    assert "legalisation hard-gate: acme.hard_gate(x) -> HARD_SWISH(x)." in listed
    assert "composite acme.hard_gate" in listed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("fuse-distance", r"fuse-distance applied 1 times\n  at sub \(\S+/demo\.py:\d+\)\n"),
        ("hard-gate", r"hard-gate applied 2 times\n  at hard_gate \(\S+/demo\.py:\d+\)\n"),
    ],
)
def test_why_not(rule: str, expected: str, run: Run) -> None:
    assert re.search(expected, run(*CLI, "opt", "demo.py:distances", "--why-not", rule))


@pytest.mark.slow
def test_an_environment_without_it_knows_nothing_of_it(tmp_path: Path) -> None:
    """What the tests above see is the package's doing."""
    path = tmp_path / "tfl.mlir"
    path.write_text(
        TEXT.replace("{OP} %x", '"tfl.abs"(%x)').replace(
            "{TYPE}", "(tensor<4xf32>) -> tensor<4xf32>"
        )
    )
    listed = _run(sys.executable, *CLI, "opt", path, "--list", cwd=ROOT / "src")
    assert "fuse-activations" in listed
    assert "fuse-distance" not in listed
