"""Names, units and definitions of all measurements, in the order of `Measured.values`."""

from dataclasses import dataclass

from cardiolex.recordings.leads import LEADS


@dataclass(frozen=True)
class Definition:
    """What one measurement is: its unit ("" for a ratio) and a sentence."""

    unit: str
    text: str


VERSION = 1
"""Of the values: to be raised whenever a recording's would change; kept measurements go by it."""

GLOBAL: dict[str, Definition] = {
    "heart_rate": Definition("/min", "60 s over the median interval between beats (RR)"),
    "rr_cv": Definition("", "standard deviation over mean of RR"),
    "rr_rmssd": Definition("", "root mean square of successive RR differences over mean RR"),
    "rr_range": Definition("s", "longest minus shortest RR"),
    "rr_min": Definition("", "shortest over median RR"),
    "rr_max": Definition("", "longest over median RR"),
    "rr_autocorrelation": Definition("", "correlation of RR with the next RR (six RR or more)"),
    "early_share": Definition("", "share of beats that come before 0.85 of the median RR"),
    "early_same_shape": Definition("", "share of beats that are early, with the usual QRS shape"),
    "early_other_shape": Definition("", "share of beats that are early, with another QRS shape"),
    "pause_index": Definition(
        "", "intervals before and after early beats over twice the median RR; 1 is compensatory"
    ),
    "other_shape_count": Definition("", "beats whose QRS correlates too little with the median's"),
    "other_shape_similarity": Definition(
        "", "lowest correlation of a beat's QRS with the median's"
    ),
    "other_shape_qrs": Definition("ms", "QRS duration of the beats of another shape"),
    "qrs_duration": Definition("ms", "QRS duration over all leads"),
    "pr_interval": Definition("ms", "P onset to QRS onset over all leads"),
    "p_duration": Definition("ms", "P duration over all leads"),
    "qt_interval": Definition("ms", "QRS onset to T end over all leads"),
    "qtc_bazett": Definition("ms", "QT over the square root of RR in seconds"),
    "qtc_fridericia": Definition("ms", "QT over the cube root of RR in seconds"),
    "qrs_axis": Definition("deg", "frontal axis of the QRS area, two limb leads or more"),
    "t_axis": Definition("deg", "frontal axis of the T wave's area"),
    "p_axis": Definition("deg", "frontal axis of the P wave's area"),
    "qrs_t_angle": Definition("deg", "frontal angle between QRS and T axis, 0 to 180"),
    "sokolow_lyon": Definition("mV", "S in V1 plus the larger R of V5 and V6"),
    "cornell": Definition("mV", "R in aVL plus S in V3"),
    "limb_voltage": Definition("mV", "largest peak-to-peak QRS of the limb leads"),
    "chest_voltage": Definition("mV", "largest peak-to-peak QRS of V1 to V6"),
    "p_terminal_v1": Definition("mV ms", "depth times duration of the negative end of P in V1"),
    "transition": Definition("", "chest lead (1 to 6) from which on R exceeds S; 7 if none does"),
    "p_repeatability": Definition(
        "", "share of the P window's variance between beats that the median P explains"
    ),
    "p_size": Definition("mV", "peak of the P wave's root mean square over leads"),
    "tq_share": Definition("", "share of the strip between T ends and P onsets"),
    "f_wave": Definition("mV", "largest rms at 3.5 to 12 Hz between T end and next P, over leads"),
    "f_frequency": Definition("Hz", "dominant frequency of that activity"),
    "f_regularity": Definition("", "share of its power within 0.5 Hz of the dominant frequency"),
    "f_to_p": Definition("", "f_wave over the sum of f_wave and p_size"),
    "pacing_spikes": Definition("", "pacing spikes per beat"),
    "noise": Definition("mV", "median over leads of the rms above 25 Hz outside QRS complexes"),
}

PER_LEAD: dict[str, Definition] = {
    "q": Definition("mV", "depth of the Q wave, positive; 0 where there is none"),
    "q_duration": Definition("ms", "duration of the Q wave"),
    "r": Definition("mV", "height of the R wave"),
    "s": Definition("mV", "depth of the S wave, positive; a QS complex is Q and S"),
    "s_duration": Definition("ms", "duration of the S wave"),
    "r_prime": Definition("mV", "height of R' above the end of the QRS"),
    "r_peak_time": Definition("ms", "QRS onset to the largest deflection"),
    "qrs_area": Definition("mV ms", "net area of the QRS complex"),
    "end_slur": Definition(
        "", "mean slope of the last 24 ms of QRS over its steepest, slopes taken over 16 ms"
    ),
    "j": Definition("mV", "level at the end of QRS"),
    "st": Definition("mV", "level 60 ms after the end of QRS"),
    "st_slope": Definition("mV/s", "slope from 20 to 80 ms after the end of QRS"),
    "t": Definition("mV", "larger deflection of the T wave, signed"),
    "t_opposite": Definition("mV", "largest deflection of the T wave in the other direction"),
    "t_symmetry": Definition("", "share of T above half its height that lies before its peak"),
    "p": Definition("mV", "larger deflection of the P wave, signed"),
    "p_opposite": Definition("mV", "largest deflection of the P wave in the other direction"),
    "p_notch": Definition("", "depth of the deepest notch of P over its height"),
    "p_repeatability": Definition("", "as the global one, in this lead"),
    "f_wave": Definition("mV", "rms at 3.5 to 12 Hz between T end and next P"),
    "noise": Definition("mV", "rms above 25 Hz outside QRS complexes"),
}

NAMES: tuple[str, ...] = (
    *GLOBAL,
    *(f"{name} {lead}" for lead in LEADS for name in PER_LEAD),
)
"""Global names first, then "q I", "q_duration I", … lead by lead."""


def definition(name: str) -> Definition:
    """Return unit and meaning of a name of `NAMES`; KeyError for any other."""
    wave, _, lead = name.partition(" ")
    return PER_LEAD[wave] if lead in LEADS else GLOBAL[name]
