"""Simulated kitchens and the human demonstrator; importing this registers the gymnasium ids and nothing heavy."""

from __future__ import annotations

import gymnasium

from .adapters import SIMULATORS, register_simulators

KITCHEN_ID = "ivg/Kitchen-v0"
"""The kitchen's gymnasium id."""

if KITCHEN_ID not in gymnasium.registry:
    gymnasium.register(id=KITCHEN_ID, entry_point="ivg.envs.kitchen.env:KitchenEnv")
register_simulators()

__all__ = ["KITCHEN_ID", "SIMULATORS"]
