"""From StableHLO to tfl: every op and composite becomes ops that the runtime has.

Legalisation is total: it needs no pass to have run before. What it cannot say is reported all at once.
"""

from .legalise import legalise, rules_for

__all__ = ["legalise", "rules_for"]
