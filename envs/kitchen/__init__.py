"""A simulated kitchen: scenes from a seed, tasks with success predicates, a Panda, an egocentric camera."""

from ..rendering import load_mujoco

load_mujoco()
