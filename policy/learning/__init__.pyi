from .config import BehaviourCloningConfig, DiffusionConfig, EpisodeData, PolicyConfig, PolicyRun, PolicyTraining
from .policies import BehaviourCloningPolicy, DiffusionPolicy, load_policy, new_policy
from .policy import ChunkPolicy
from .training import train_policy

__all__ = [
    "BehaviourCloningConfig",
    "BehaviourCloningPolicy",
    "ChunkPolicy",
    "DiffusionConfig",
    "DiffusionPolicy",
    "EpisodeData",
    "PolicyConfig",
    "PolicyRun",
    "PolicyTraining",
    "load_policy",
    "new_policy",
    "train_policy",
]
