"""The night: all series judged in a process of its own, which has NumPy and nothing of the platform's.

`judging` is the platform's side and starts it; `child` is the process, and `python -m insights.night` runs it by hand.
"""
