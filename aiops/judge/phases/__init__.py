"""How far a model that was scaled up is (`phase`), and whether it can still arrive: one file for each phase or two.

The table that they follow: docs/gpu-gate.md. Pure, as all of `judge`: the time is that of the look.
"""
