"""Weights that the authors of a method released, read into our systems.

One file for each method: its names and shapes to ours, every weight used or named in an error.
Nothing in such a file is ever executed.
"""

MIMIC_LEADS = ("I", "II", "III", "aVR", "aVF", "aVL", "V1", "V2", "V3", "V4", "V5", "V6")
"""The order of leads in MIMIC-IV-ECG's files, in which MERL and MELP were trained."""
