"""The cluster of a scenario: what can be done to it from outside."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).resolve().parents[2]
RBAC = ROOT / "docs" / "rbac.yaml"
PACE = {"SIM_NODE_S": "2", "SIM_IDLE_S": "4"}
"""Seconds until a GPU node joins, and until an idle one leaves."""
CANARY = "canary-8f1d2c-never-print-me"
"""Planted where a careless program would read it aloud; searched for in everything that aiops prints."""


class Cluster(Protocol):
    """A Kubernetes with an Argo CD that can be emptied, stalled and broken."""

    context: str
    """Name of its kube context."""

    def empty(self) -> None:
        """Make it a cluster with an Argo CD and nothing else."""

    def environ(self) -> dict[str, str]:
        """The environment of an operator with the rights of docs/rbac.yaml and no more."""

    def stranger(self) -> str:
        """The kubeconfig of somebody who may not see Argo CD's objects."""

    def secrets(self) -> tuple[str, ...]:
        """What must never be printed."""

    def argocd(self) -> dict[str, str]:
        """The environment that makes aiops use Argo CD's own API."""

    def kubectl(self, *words: str, text: str | None = None) -> str:
        """kubectl as the cluster's admin: its output."""

    def stalled(self, part: str) -> Any:
        """A context in which a part of the control plane or of Argo CD stands still."""

    def crashed(self, part: str) -> Any:
        """A context in which a part is down."""

    def forward(self, namespace: str, port: int, server: int) -> None:
        """Let port-forwards to a port of any pod in a namespace end at a port of this machine's loopback."""

    def gpu_off(self) -> str:
        """The kubeconfig of somebody who has the ClusterRole aiops-gpu-off of docs/rbac.yaml and nothing else."""

    def account(self, name: str, *roles: str) -> str:
        """The kubeconfig of somebody new who has these ClusterRoles and nothing else."""


class RealCluster:
    """tests/real/realstack: real control plane, real Argo CD, simulated pods."""

    context = "realstack"

    def __init__(self, home: Path) -> None:
        self._home = home
        self._operator = home / "operator.kubeconfig"
        self._env: dict[str, str] = {}

    def empty(self) -> None:
        """Start it anew: ten seconds, and nothing of before is left."""
        self._stack("down")
        lines = self._stack("up").splitlines()
        exports = (line.removeprefix("export ").partition("=") for line in lines if line.startswith("export "))
        self._env = {key: value for key, _, value in exports}
        self.kubectl("apply", "-f", str(RBAC))
        self.kubectl("-n", "argocd", "create", "serviceaccount", "operator")
        subject = "--serviceaccount=argocd:operator"
        self.kubectl("-n", "argocd", "create", "rolebinding", "operator", "--role=aiops-operator", subject)
        for role in ("aiops-causes", "aiops-doctor", "aiops-doctor-secrets", "aiops-gpu-off", "aiops-pause"):
            self.kubectl("create", "clusterrolebinding", f"operator-{role}", f"--clusterrole={role}", subject)
        for namespace in ("serving", "litellm"):
            self.kubectl("create", "namespace", namespace)
            self.kubectl("-n", namespace, "create", "rolebinding", "operator", "--clusterrole=aiops-models", subject)
        self._token = self._login("operator", self._operator)
        self.kubectl("create", "secret", "generic", "canary", "--from-literal", f"value={CANARY}")

    def _login(self, account: str, path: Path) -> str:
        """Write a ServiceAccount's kubeconfig; its token."""
        token = self.kubectl("-n", "argocd", "create", "token", account, "--duration=6h").strip()
        config = json.loads(Path(self._env["KUBECONFIG"]).read_text())
        config["users"][0]["user"] = {"token": token}
        path.touch(mode=0o600)
        path.write_text(json.dumps(config))
        return token

    def gpu_off(self) -> str:
        """A ServiceAccount of its own."""
        path = self._home / "gpu-off.kubeconfig"
        if "gpu-off" not in self.kubectl("-n", "argocd", "get", "serviceaccounts", "-o", "name"):
            self.kubectl("-n", "argocd", "create", "serviceaccount", "gpu-off")
            subject = "--serviceaccount=argocd:gpu-off"
            self.kubectl("create", "clusterrolebinding", "gpu-off", "--clusterrole=aiops-gpu-off", subject)
            self._login("gpu-off", path)
        return str(path)

    def account(self, name: str, *roles: str) -> str:
        """A ServiceAccount."""
        self.kubectl("-n", "argocd", "create", "serviceaccount", name)
        for role in roles:
            words = (f"{name}-{role}", f"--clusterrole={role}", f"--serviceaccount=argocd:{name}")
            self.kubectl("create", "clusterrolebinding", *words)
        path = self._home / f"{name}.kubeconfig"
        self._login(name, path)
        return str(path)

    def forward(self, namespace: str, port: int, server: int) -> None:
        """By KWOK's kubelet."""
        self._stack("forward", namespace, str(port), f"127.0.0.1:{server}")

    def environ(self) -> dict[str, str]:
        """Only the operator's kubeconfig; no Argo CD server."""
        return {"KUBECONFIG": str(self._operator)}

    def stranger(self) -> str:
        """The stack's viewer has the ClusterRole `view`, which holds no custom resources."""
        return self._env["REALSTACK_VIEWER_KUBECONFIG"]

    def secrets(self) -> tuple[str, ...]:
        """The canary, and every credential in the operator's environment."""
        return (CANARY, self._token, self._env["ARGOCD_AUTH_TOKEN"])

    def argocd(self) -> dict[str, str]:
        """Server and token of the stack's Argo CD."""
        return {name: self._env[name] for name in ("ARGOCD_SERVER", "ARGOCD_OPTS", "ARGOCD_AUTH_TOKEN")}

    def kubectl(self, *words: str, text: str | None = None) -> str:
        """As admin; CalledProcessError with kubectl's words in its notes where it fails."""
        done = subprocess.run(
            ["kubectl", "--kubeconfig", self._env["KUBECONFIG"], *words],
            input=text, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        if done.returncode:
            raise AssertionError(f"kubectl {' '.join(words)}: {done.stderr}")
        return done.stdout

    @contextmanager
    def stalled(self, part: str) -> Iterator[None]:
        """Its process is stopped (SIGSTOP): connected, and doing nothing."""
        self._stack("freeze", part)
        try:
            yield
        finally:
            self._stack("thaw", part)

    @contextmanager
    def crashed(self, part: str) -> Iterator[None]:
        """Its process is killed, and started again on the same port."""
        self._stack("stop", part)
        try:
            yield
        finally:
            self._stack("start", part)

    def down(self) -> None:
        """Stop everything."""
        self._stack("down")

    def _stack(self, *words: str) -> str:
        script = ROOT / "tests" / "real" / "realstack"
        done = subprocess.run([sys.executable, str(script), *words], capture_output=True, text=True, check=False,
                              env={**os.environ, **PACE, "REALSTACK_HOME": str(self._home)}, timeout=3600)  # fmt: skip
        if done.returncode:
            raise AssertionError(f"realstack {' '.join(words)}: {done.stderr[-2000:]}")
        return done.stdout


def get(cluster: Cluster, kind: str, name: str, namespace: str = "argocd") -> dict[str, Any]:
    """One object."""
    found: dict[str, Any] = json.loads(cluster.kubectl("-n", namespace, "get", kind, name, "-o", "json"))
    return found


def eventually(cluster: Cluster, what: str, holds: Callable[[], bool], within_s: float = 120.0) -> None:
    """Wait until something holds of the cluster; a scenario's preparation, never its assertion about time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if holds():
            return
        time.sleep(0.3)
    raise AssertionError(f"not within {within_s:.0f} s: {what}")
