from .curve import LearningCurve
from .environment import conditioned_environment
from .evaluation import Episode, play, summarise
from .learner import load_policy, save_policy
from .settings import ReinforcementSettings
from .training import ReinforcementResult, train_reinforcement

__all__ = [
    "Episode",
    "LearningCurve",
    "ReinforcementResult",
    "ReinforcementSettings",
    "conditioned_environment",
    "load_policy",
    "play",
    "save_policy",
    "summarise",
    "train_reinforcement",
]
