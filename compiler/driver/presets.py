"""The order of everything, in one place. Read it from top to bottom."""

from __future__ import annotations

from litewright.passes import stablehlo as on_stablehlo
from litewright.passes import tfl as on_tfl
from litewright.passes.core import Pipeline

STABLEHLO = Pipeline(on_stablehlo.DEFAULT)
TFL = Pipeline(on_tfl.DEFAULT)
