"""Simulated kitchens and the human demonstrator; importing this registers the gymnasium ids and nothing heavy."""

from __future__ import annotations

import gymnasium

KITCHEN_ID = "ivg/Kitchen-v0"

if KITCHEN_ID not in gymnasium.registry:
    gymnasium.register(id=KITCHEN_ID, entry_point="ivg.envs.kitchen.env:KitchenEnv")

__all__ = ["KITCHEN_ID"]
