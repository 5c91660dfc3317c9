"""Policies that watch: diffusion policy and behaviour cloning, trained on robot episodes (loads torch)."""

from .behaviour_cloning import BehaviourCloningPolicy
from .config import BehaviourCloningConfig, DiffusionConfig, EpisodeData, PolicyConfig, PolicyRun, PolicyTraining
from .diffusion import DiffusionPolicy
from .folder import load_policy
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
    "train_policy",
]
