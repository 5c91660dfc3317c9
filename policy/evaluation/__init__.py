"""How often a policy does its task: rollouts, a log of them that survives a stop, shares with their intervals."""

from .intervals import SuccessRate, wilson_interval
from .outcomes import Outcome, OutcomeLog
from .rollout import Policy, Rollout, rollout
from .summary import success_rate, success_rates_by

__all__ = [
    "Outcome",
    "OutcomeLog",
    "Policy",
    "Rollout",
    "SuccessRate",
    "rollout",
    "success_rate",
    "success_rates_by",
    "wilson_interval",
]
