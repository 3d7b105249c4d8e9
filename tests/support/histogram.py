"""How often each op occurs in a converted model."""

from collections import Counter

from litewright.compiler.driver.model import EdgeModel
from litewright.compiler.ir import mlir, tfl
from litewright.compiler.ir.program import body_of

_NO_OPS = ("tfl.pseudo_const", "tfl.no_value", "func.return")


def op_histogram(model: EdgeModel, signature: str | None = None) -> Counter[str]:
    """Builtin names (`FULLY_CONNECTED`) to counts, of one signature or of the only one."""
    functions = model.program.signatures()
    function = model.program.signature(signature) if signature else functions[0]
    ops = [op for op in body_of(function).operations if mlir.op_name(op) not in _NO_OPS]
    return Counter(spec.builtin for op in ops if (spec := tfl.spec_of(op)) is not None)
