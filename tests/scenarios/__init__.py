"""Whole commands against a whole cluster: `pytest tests/scenarios --cluster real`.

A scenario says what an operator does and what must come of it: exit code and text. It reaches the cluster only
through `Cluster`, so that another one can take the real stack's place.
"""
