from .ablation import AblationResult, ablate
from .generator import EvaluationResult, evaluate_generator
from .network_figures import fetch_networks

__all__ = ["AblationResult", "EvaluationResult", "ablate", "evaluate_generator", "fetch_networks"]
