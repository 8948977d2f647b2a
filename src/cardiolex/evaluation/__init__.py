"""How well a model answers: metrics with intervals, truth tables, zero-shot and partial leads.

Nothing here knows a system: models come as a function `score(recordings, conditions, leads)`.
"""
