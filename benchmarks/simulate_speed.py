"""Simulated recordings per second on one core."""

import argparse
from itertools import count

from measuring import Figure, main, seconds_of

from cardiolex.simulation import simulate
from cardiolex.simulation.settings import Settings


def measure(options: argparse.Namespace) -> list[Figure]:
    """Simulate 12 leads of 5,000 samples, with report, labels and beats, one after another."""
    many = 40 if options.quick else 200
    figures = []
    for case, settings in {
        "all": Settings(),
        "without noise": Settings(noise=False),
        "population mix": Settings(mix="population"),
    }.items():
        numbers = count()

        def work(settings: Settings = settings, numbers: "count[int]" = numbers) -> None:
            for _ in range(many):
                simulate(next(numbers), settings=settings)

        taken = seconds_of(work, rounds=3, warm_up=1)
        figures.append(Figure("simulate", case, many / taken, "recordings/s per core"))
    return figures


if __name__ == "__main__":
    main(measure)
