"""Which connections NetworkPolicies let through, and which of them the platform needs: pure, on plain bodies.

`policies.py` evaluates; `paths.py` lists what the platform needs; `blocked.py` says what is kept from whom. What
nobody can know (the labels of a pod that a chart makes, an address) is None there, and never taken for a refusal.
"""
