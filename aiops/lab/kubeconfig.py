"""The kubeconfigs by which a lab is reached."""

import base64
import json
from pathlib import Path

from aiops.lab.clock import Clock

CLOCK = "aiops.dev/lab"
"""The extension by which a kubeconfig's context tells what time it is on its cluster."""


def kubeconfig(name: str, server: str, authority: bytes, user: str, token: str, clock: Clock) -> str:
    """One context, for one user; in JSON, which is YAML too."""
    cluster = {"server": server, "certificate-authority-data": base64.b64encode(authority).decode()}
    time = {"began": clock.zero.isoformat(), "speed": clock.speed}
    context = {
        "cluster": name, "user": user, "namespace": "argocd", "extensions": [{"name": CLOCK, "extension": time}],
    }  # fmt: skip
    return json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": name,
        "clusters": [{"name": name, "cluster": cluster}], "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": name, "context": context}],
    })  # fmt: skip


def write(path: Path, text: str) -> None:
    """A file that its owner alone can read, in a folder that is so too."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)
