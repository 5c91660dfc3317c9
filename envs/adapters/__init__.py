"""Other simulators behind the interface of ``ivg/Kitchen-v0``: a register that loads none of them."""

from .register import SIMULATORS, Simulator, check_installed, draw_simulators, list_simulators, register_simulators

__all__ = ["SIMULATORS", "Simulator", "check_installed", "draw_simulators", "list_simulators", "register_simulators"]
