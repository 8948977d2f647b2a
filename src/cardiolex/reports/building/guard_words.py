"""The words that guards look at; all in the form of `wording.key`."""

import re

EQUAL = {
    "prolonged": "long", "prolongation": "long", "lengthened": "long", "shortened": "short",
    "shortening": "short", "increase": "increased", "decrease": "decreased",
    "reduced": "decreased", "diminished": "decreased", "tall": "high", "peaked": "high",
    "flattened": "flat", "flattening": "flat", "inverted": "inversion", "elevated": "elevation",
    "depressed": "depression", "broad": "wide", "widened": "wide", "fast": "rapid",
    "uncontrolled": "rapid", "monomorphic": "unifocal", "polymorphic": "multifocal",
    "multiform": "multifocal", "prior": "old", "previous": "old", "remote": "old", "healed": "old",
    "recent": "acute", "evolving": "acute", "new": "acute", "nodal": "junctional",
    "ischemic": "ischemia", "infarcted": "infarction", "mi": "infarction", "brady": "bradycardia",
    "bradycardic": "bradycardia", "tachy": "tachycardia", "tachycardic": "tachycardia",
    "abnormality": "abnormal", "change": "abnormal", "disturbance": "abnormal",
    "pathological": "abnormal", "pathologic": "abnormal",
    "ectopic": "premature", "extrasystole": "premature", "ectopy": "premature",
    "pacing": "paced", "pacemaker": "paced", "pace": "paced", "apex": "apical", "qtc": "qt",
    "leftward": "left", "rightward": "right", "anteriorly": "anterior", "inferiorly": "inferior",
    "laterally": "lateral", "chest": "precordial", "bradycardie": "bradycardia",
}  # fmt: skip
"""Words that say the same here."""

CONTRASTS = (
    ("long", "short", "normal"),
    ("increased", "decreased"),
    ("high", "low", "flat", "normal"),
    ("upright", "inversion", "biphasic", "flat"),
    ("positive", "negative"),
    ("wide", "narrow"),
    ("regular", "irregular"),
    ("rapid", "slow"),
    ("early", "late", "delayed"),
    ("unifocal", "multifocal"),
    ("intermittent", "paroxysmal", "persistent", "chronic", "permanent"),
    ("limb", "precordial"),
    ("subendocardial", "epicardial", "transmural"),
    ("elevation", "depression"),
    ("infarction", "ischemia", "injury", "necrosis", "aneurysm"),
    ("sinus", "atrial", "junctional", "ventricular", "supraventricular", "av", "sinoatrial"),
    ("paced", "escape", "premature", "fusion"),
    ("arrhythmia", "rhythm", "pause", "arrest"),
    ("fascicular", "bundle", "av", "sa"),
    ("bifascicular", "trifascicular"),
    ("horizontal", "vertical", "extreme", "indeterminate"),
    ("conducted", "blocked"),
    ("primary", "secondary"),
    ("specific", "nonspecific"),
    ("axis", "ecg"),
    ("normal", "abnormal", "borderline"),
    ("physiologic", "physiological", "abnormal"),
)
"""Beside the vocabulary's own contrasts: of each group only one can be meant."""

WAVES = frozenset({"p", "pr", "q", "qrs", "r", "s", "st", "t", "u", "qt", "j"})

REVERSING = frozenset({"no", "not", "without", "absent", "absence", "resolved", "never", "non"}
                      | {"kein", "keine", "ohne", "ingen", "inga", "utan"})  # fmt: skip
HEDGING = frozenset({"possible", "possibly", "probable", "probably", "consider", "suspected"}
                    | {"suspect", "likely", "may", "questionable", "suggest", "suggestive"}
                    | {"criteria"})  # fmt: skip

PREFIXES = (("hyper", "hypo"), ("brady", "tachy"), ("mono", "poly"), ("uni", "bi"),
            ("uni", "multi"), ("bi", "tri"), ("myo", "peri"), ("", "non"), ("", "pseudo"),
            ("", "anti"), ("", "un"), ("in", ""), ("", "dis"), ("ab", ""))  # fmt: skip
"""Beginnings by which two words with the same rest mean different things."""

NARROWING = frozenset(
    {"left", "right", "biatrial", "biventricular", "complete", "incomplete", "acute", "old"}
    | {"chronic", "degree1", "degree2", "degree3", "type", "mobitz", "ii", "i", "extensive"}
    | {"anterior", "posterior", "inferior", "lateral", "septal", "anteroseptal", "anterolateral"}
    | {"inferolateral", "inferoposterior", "posterolateral", "apical", "high", "sustained"}
    | {"intermittent", "paroxysmal", "persistent", "limb", "precordial", "multifocal"}
    | {"unifocal", "nonspecific", "rapid", "slow", "nonsustained", "sinus", "atrial"}
    | {"ventricular", "supraventricular", "junctional", "subendocardial", "transmural"}
    | WAVES
)
"""Words that make a finding narrower: with one of them more, it is a kind of the other finding."""

LEADS = re.compile(r"\b(?:v[1-9]|i{1,3}|av[rlf])\b")
NUMBERS = re.compile(r"(?<![a-z\d])\d+(?::\d+)?")
