"""Rollouts of policies, a log of their outcomes that survives a stop, and success rates with their intervals."""

from .outcomes import Outcome, OutcomeLog, SuccessRate, reasons, success_rate, success_rates_by, wilson_interval
from .rollout import LazyImages, Policy, Rollout, rollout, run_episode

__all__ = [
    "LazyImages",
    "Outcome",
    "OutcomeLog",
    "Policy",
    "Rollout",
    "SuccessRate",
    "reasons",
    "rollout",
    "run_episode",
    "success_rate",
    "success_rates_by",
    "wilson_interval",
]
