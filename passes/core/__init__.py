"""Infrastructure of passes: what a pass is, rules and patterns, pipelines and observers."""

from litewright.compiler.ir.observer import Observer

from .base import Pass, kebab_case
from .checks import CheckHonesty, CheckInterface, CheckVerified
from .common_subexpressions import EliminateCommonSubexpressions
from .dead_code import is_pure, remove_dead
from .folding import FoldingPass
from .misses import Miss, Misses
from .pattern import AnyOf, Maybe, Operation, Operations, Pattern, Variable
from .pattern_rule import Match, PatternRule, rewrite_rule
from .pipeline import Pipeline, Repeat, run_pass
from .rules import (
    Decline,
    Outcome,
    RewritePass,
    Rule,
    RuleContext,
    RuleSet,
    apply_rules,
    decline,
    rule,
)
from .statistics import PassRecord, Statistics

__all__ = [
    "AnyOf",
    "CheckHonesty",
    "CheckInterface",
    "CheckVerified",
    "Decline",
    "EliminateCommonSubexpressions",
    "FoldingPass",
    "Match",
    "Maybe",
    "Miss",
    "Misses",
    "Observer",
    "Operation",
    "Operations",
    "Outcome",
    "Pass",
    "PassRecord",
    "Pattern",
    "PatternRule",
    "Pipeline",
    "Repeat",
    "RewritePass",
    "Rule",
    "RuleContext",
    "RuleSet",
    "Statistics",
    "Variable",
    "apply_rules",
    "decline",
    "is_pure",
    "kebab_case",
    "remove_dead",
    "rewrite_rule",
    "rule",
    "run_pass",
]
