"""Which conditions a simulated tracing shows: published criteria on measured values."""

from cardiolex.simulation.criteria.conditions import CONDITIONS
from cardiolex.simulation.criteria.facts import Facts
from cardiolex.simulation.criteria.judge import judge
from cardiolex.simulation.criteria.verdict import Verdict

__all__ = ["CONDITIONS", "Facts", "Verdict", "judge"]
