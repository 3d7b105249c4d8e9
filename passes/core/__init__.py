"""Infrastructure of passes: what a pass is, rules and their driver, pipelines and observers."""

from .base import Pass
from .common_subexpressions import EliminateCommonSubexpressions
from .dead_code import is_pure, remove_dead
from .pipeline import Observer, Pipeline, Repeat
from .rules import (
    Decline,
    Outcome,
    RewritePass,
    Rule,
    RuleContext,
    Statistics,
    apply_rules,
    decline,
    rule,
)

__all__ = [
    "Decline",
    "EliminateCommonSubexpressions",
    "Observer",
    "Outcome",
    "Pass",
    "Pipeline",
    "Repeat",
    "RewritePass",
    "Rule",
    "RuleContext",
    "Statistics",
    "apply_rules",
    "decline",
    "is_pure",
    "remove_dead",
    "rule",
]
