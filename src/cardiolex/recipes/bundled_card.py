"""The words of the default model's card; `calibrate` and `evaluate card` add what was measured."""

from __future__ import annotations

from typing import Any


def bundled_card(facts: dict[str, Any]) -> str:
    """The card from the facts that `pretrain` keeps: settings, seed, steps, time, versions."""
    trainer, encoder = facts["trainer"], facts["system"]["encoder"]
    simulated, versions = facts["data"]["simulated"], facts["versions"]
    seen = facts["steps"] * trainer["batch_size"]
    minutes = facts["seconds"] / 60
    return f"""# cardiolex-default

Answers plain-word questions about ECGs with any leads. **Not a medical device**: it has never seen
a patient, its answers are often wrong, and no decision about a person may rest on them.

## What it is

K-MERL (arXiv 2502.17900): a transformer of {encoder["depth"]} layers, {encoder["width"]} wide, over
lead-specific tokens of 0.2 s at {simulated["fs"]:g} Hz, and a query network that is asked with the
name of a condition, embedded by a small BERT that is in the same folder. What differs from the
paper is listed in `cardiolex/recipes/bundled.py`.

## Trained on

- {seen:,} ECGs from cardiolex's own simulator (version {simulated["simulator"]}) with the reports
  it wrote, and on nothing else: no real recording had a part in any weight.
- {facts["steps"]} steps of {trainer["batch_size"]}, seed {trainer["seed"]}, {minutes:.0f} minutes
  on {facts["machine"]}, beside one process that simulates.
- Real recordings had a part in the development, though: wave shapes, noise and frequencies of the
  simulator were compared with those of PTB-XL, CPSC2018, LUDB, Georgia and Chapman-Shaoxing, and
  among a few training settings the one with the better mean AUROC on the tables below was taken.
  The figures below are those of a development set, not of an untouched test set.
- The text encoder: simulated and public report statements, the vocabulary and its synonyms.
- cardiolex {versions["cardiolex"]}, torch {versions["torch"]}, Python {versions["python"]}.
- Made again by `cardiolex pretrain text-encoder TEXT` and
  `cardiolex pretrain bundled --output RUN --text-encoder TEXT`.

## Limits

- The simulator knows some ninety conditions. Others can be asked; their answers rest on the meaning
  of the name alone and are marked as not seen.
- Adults, resting ECGs, standard positions. No ventricular fibrillation, no congenital disease, no
  posterior or right-sided leads; what the simulator gets wrong is in `docs/simulator.md`.
- One lead tells less than twelve: an infarct or hypertrophy that the lead does not look at is
  guessed from what comes along with it.

## Licence

MIT, as cardiolex.
"""
