"""What of each kind of object a look keeps: the fields that judgements read, and nothing else."""

from collections.abc import Mapping

from aiops.snapshot.kept.argocd import ARGOCD
from aiops.snapshot.kept.network import NETWORK
from aiops.snapshot.kept.operators import OPERATORS
from aiops.snapshot.kept.shapes import CONDITIONS, METADATA, WHOLE, Fields
from aiops.snapshot.kept.workloads import WORKLOADS

KINDS: Mapping[str, Fields] = {**ARGOCD, **WORKLOADS, **NETWORK, **OPERATORS}
"""By kind, what is kept beside its identity and metadata."""
ANY: Fields = {"spec": {"replicas": WHOLE}, "status": {**CONDITIONS, "phase": WHOLE, "ready": WHOLE}}
"""Of every other kind."""
IDENTITY: Fields = {"apiVersion": WHOLE, "kind": WHOLE, "metadata": METADATA}
"""Of all."""
