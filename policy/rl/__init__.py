"""Reinforcement learning with stable-baselines3: policies that watch a demonstration, rewarded for following it."""
