"""One function for all sizes, of functions that are right for a size each.

A signature with dynamic dimensions is converted at several sizes, the probes, by passes and lowerings that
know fixed sizes only. What the probes have in common is the function for all sizes: `lockstep` compares them,
`formulas` finds out how numbers grow, `constants` and `emission` write what is to be computed at run time,
`hazards` refuses ops that mean something else at other sizes, and `generalise` puts it together.
"""

from .checks import check_dynamic
from .generalise import generalise, mark_any_size

__all__ = ["check_dynamic", "generalise", "mark_any_size"]
