"""The twelve standard leads: names, one order, and the relations between the limb leads."""

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
