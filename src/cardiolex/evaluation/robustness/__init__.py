"""How much of a model's accuracy is left when recordings are worse than those it was shown."""

from cardiolex.evaluation.robustness.disturbance import Disturbance, Unsuitable
from cardiolex.evaluation.robustness.evaluate import evaluate_robustness
from cardiolex.evaluation.robustness.result import RobustnessResult
from cardiolex.evaluation.robustness.standard import standard_disturbances

__all__ = [
    "Disturbance",
    "RobustnessResult",
    "Unsuitable",
    "evaluate_robustness",
    "standard_disturbances",
]
