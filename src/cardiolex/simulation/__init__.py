"""Simulated ECGs with known truth: physics of the heart, criteria of cardiology."""

from cardiolex.simulation.criteria import CONDITIONS
from cardiolex.simulation.settings import Settings
from cardiolex.simulation.simulate import simulate
from cardiolex.simulation.truth import Beats, Measurements, SimulatedECG

__all__ = ["CONDITIONS", "Beats", "Measurements", "Settings", "SimulatedECG", "simulate"]
