"""Composites: functions with a meaning that stay one op from eager torch down to legalisation.

Three ways lead to one: the decorator `@composite` on a function, which makes it an op of torch
(`define.py`); a pattern that is looked for (`pattern.py`); a module class (`module.py`). Marks in the code of
`forward` are for those who come from litert-torch (`boundary.py`). All end as a `stablehlo.composite`. The
built-in ones are written with the decorator, one file per family; `patterns.py` finds them in models of
others. `docs/composites.md` tells how to use them.
"""

from .define import Composite, composite

__all__ = ["Composite", "composite"]
