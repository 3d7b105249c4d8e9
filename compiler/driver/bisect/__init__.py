"""Finding what made a number wrong: the first step of a conversion, and in it the first op.

Every step (capture, pass, lowering, file, delegate) is run before and after on the same inputs. In the
first one after which results leave the tolerance, the op is found without aligning two programs, which
passes are free to change: the step is repeated on the first n ops of the program alone, for ever
better n, and then on as few ops before the last of them as will do. A pass keeps what results mean, so
whatever was cut off, before and after can be compared by name. The rules that applied in the small
program are the ones to blame.
"""

from .findings import Bisection, Culprit, OpFacts, Region, StepError
from .samples import Choice
from .scan import bisect_program, bisect_requests

__all__ = [
    "Bisection",
    "Choice",
    "Culprit",
    "OpFacts",
    "Region",
    "StepError",
    "bisect_program",
    "bisect_requests",
]
