"""The cluster of a scenario: what can be done to it from outside."""

import json
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from tests.scenarios.process import Process

ROOT = Path(__file__).resolve().parents[2]
RBAC = ROOT / "docs" / "rbac.yaml"
CANARY = "canary-8f1d2c-never-print-me"
"""Planted where a careless program would read it aloud; searched for in everything that aiops prints."""
ROLES = ("aiops-causes", "aiops-doctor", "aiops-doctor-secrets", "aiops-fix", "aiops-gpu-off", "aiops-pause")
"""The operator's ClusterRoles."""


class Cluster(ABC):
    """A Kubernetes with an Argo CD that can be emptied, stalled and broken."""

    context: str
    """Name of its kube context."""

    def __init__(self, home: Path) -> None:
        """`home`: a folder of its own."""
        self.home = home
        self._operator = home / "operator.kubeconfig"
        self._env: dict[str, str] = {}

    @abstractmethod
    def start(self) -> dict[str, str]:
        """Start it anew, with nothing of before: its environment, in which KUBECONFIG is its admin's."""

    @abstractmethod
    def down(self) -> None:
        """Stop everything."""

    def close(self) -> None:
        """For good."""
        self.down()

    @abstractmethod
    def stalled(self, part: str) -> AbstractContextManager[None]:
        """A part of the control plane or of Argo CD stands still meanwhile: connected, and doing nothing."""

    @abstractmethod
    def crashed(self, part: str) -> AbstractContextManager[None]:
        """A part is down meanwhile; then it is there again, on the same port."""

    @abstractmethod
    def until_old(self, kind: str, name: str, namespace: str, seconds: float) -> None:
        """Return once an object was created so long ago."""

    @abstractmethod
    def unserved(self) -> list[str]:
        """What somebody asked for that this cluster does not have, and a real one has."""

    @abstractmethod
    def run(self, words: tuple[str, ...], folder: Path, environ: Mapping[str, str], out: Path | None) -> Process:
        """An aiops that is under way; `out`: where its output goes, if somebody reads it meanwhile."""

    def empty(self) -> None:
        """Make it a cluster with an Argo CD and nothing else, and an operator who has the rights of docs/rbac.yaml."""
        self._env = self.start()
        self.kubectl("apply", "-f", str(RBAC))
        self.kubectl("-n", "argocd", "create", "serviceaccount", "operator")
        subject = "--serviceaccount=argocd:operator"
        self.kubectl("-n", "argocd", "create", "rolebinding", "operator", "--role=aiops-operator", subject)
        for role in ROLES:
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
        """The kubeconfig of somebody who has the ClusterRole aiops-gpu-off of docs/rbac.yaml and nothing else."""
        if "gpu-off" in self.kubectl("-n", "argocd", "get", "serviceaccounts", "-o", "name"):
            return str(self.home / "gpu-off.kubeconfig")
        return self.account("gpu-off", "aiops-gpu-off")

    def account(self, name: str, *roles: str) -> str:
        """The kubeconfig of somebody new who has these ClusterRoles and nothing else."""
        self.kubectl("-n", "argocd", "create", "serviceaccount", name)
        for role in roles:
            words = (f"{name}-{role}", f"--clusterrole={role}", f"--serviceaccount=argocd:{name}")
            self.kubectl("create", "clusterrolebinding", *words)
        path = self.home / f"{name}.kubeconfig"
        self._login(name, path)
        return str(path)

    def environ(self) -> dict[str, str]:
        """The environment of the operator: a kubeconfig, and no Argo CD server."""
        return {"KUBECONFIG": str(self._operator)}

    def stranger(self) -> str:
        """The kubeconfig of somebody who may not see Argo CD's objects: `view` holds no custom resources."""
        return self._env["REALSTACK_VIEWER_KUBECONFIG"]

    def secrets(self) -> tuple[str, ...]:
        """What must never be printed: the canary, and every credential in the operator's environment."""
        return (CANARY, self._token, self._env["ARGOCD_AUTH_TOKEN"])

    def argocd(self) -> dict[str, str]:
        """The environment that makes aiops use Argo CD's own API."""
        return {name: self._env[name] for name in ("ARGOCD_SERVER", "ARGOCD_OPTS", "ARGOCD_AUTH_TOKEN")}

    def kubectl(self, *words: str, text: str | None = None) -> str:
        """kubectl as the cluster's admin: its output."""
        cache = ("--cache-dir", str(self.home / "kubectl"))
        done = subprocess.run(
            ["kubectl", "--kubeconfig", self._env["KUBECONFIG"], *cache, *words],
            input=text, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        if done.returncode:
            raise AssertionError(f"kubectl {' '.join(words)}: {done.stderr}")
        return done.stdout

    def forward(self, namespace: str, port: int, server: int) -> None:
        """Let port-forwards to a port of any pod in a namespace end at a port of this machine's loopback."""
        target = {"ports": [port], "target": {"address": "127.0.0.1", "port": server}}
        spec = {"selector": {"matchNamespaces": [namespace]}, "forwards": [target]}
        body = {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "ClusterPortForward", "spec": spec}
        self.kubectl("apply", "-f", "-", text=json.dumps({**body, "metadata": {"name": f"{namespace}-{port}"}}))


def get(cluster: Cluster, kind: str, name: str, namespace: str = "argocd") -> dict[str, Any]:
    """One object."""
    found: dict[str, Any] = json.loads(cluster.kubectl("-n", namespace, "get", kind, name, "-o", "json"))
    return found


def patch_status(cluster: Cluster, kind: str, name: str, status: Mapping[str, Any], namespace: str = "default") -> None:
    """What its controller would write; a list takes the place of the one before."""
    patch = json.dumps({"status": status})
    cluster.kubectl("-n", namespace, "patch", kind, name, "--subresource=status", "--type=merge", "-p", patch)


def eventually(cluster: Cluster, what: str, holds: Callable[[], bool], within_s: float = 120.0) -> None:
    """Wait until something holds of the cluster; a scenario's preparation, never its assertion about time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if holds():
            return
        time.sleep(0.3)
    raise AssertionError(f"not within {within_s:.0f} s: {what}")
