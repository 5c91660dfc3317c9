"""How often a policy does its task: rollouts, a log of them that survives a stop, shares with their intervals."""

from .intervals import Share, wilson_interval
from .outcomes import Outcome, OutcomeLog
from .rollout import Policy, Rollout, rollout
from .summary import share_of, shares_by

__all__ = [
    "Outcome",
    "OutcomeLog",
    "Policy",
    "Rollout",
    "Share",
    "rollout",
    "share_of",
    "shares_by",
    "wilson_interval",
]
