"""kubectl, as an operator uses it."""

import json
import os
import shutil
import subprocess

import pytest

from aiops.lab.lab import Lab
from tests.lab.client import Client, config_map

KUBECTL = os.environ.get("KUBECTL") or shutil.which("kubectl")
pytestmark = pytest.mark.skipif(KUBECTL is None, reason="needs the program kubectl")
WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: nginx}]}
"""


class Kubectl:
    """In one namespace."""

    def __init__(self, lab: Lab, namespace: str) -> None:
        self._lab, self._namespace = lab, namespace.rpartition("/")[2]

    def command(self, *words: str, viewer: bool = False) -> list[str]:
        """Its command line; what it remembers is kept beside the kubeconfig, and not in the user's folder."""
        config = self._lab.viewer_kubeconfig if viewer else self._lab.kubeconfig
        cache = config.with_name("kubectl")
        return [KUBECTL or "", "--kubeconfig", str(config), "--cache-dir", str(cache), "-n", self._namespace, *words]

    def run(self, *words: str, text: str | None = None, viewer: bool = False) -> tuple[int, str]:
        """Its exit code, and all that it said."""
        command = self.command(*words, viewer=viewer)
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    def __call__(self, *words: str, text: str | None = None) -> str:
        """What it says where all is well."""
        code, said = self.run(*words, text=text)
        assert code == 0, said
        return said.strip()


@pytest.fixture
def kubectl(lab: Lab, namespace: str) -> Kubectl:
    return Kubectl(lab, namespace)


def test_a_deployment_is_applied_seen_described_and_deleted(kubectl: Kubectl) -> None:
    assert kubectl("apply", "-f", "-", text=WEB) == "deployment.apps/web created"
    assert kubectl("apply", "-f", "-", text=WEB) == "deployment.apps/web unchanged"
    assert kubectl("wait", "deploy/web", "--for=condition=Available") == "deployment.apps/web condition met"
    head, row = kubectl("get", "deploy").splitlines()
    assert head.split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert row.split()[:4] == ["web", "1/1", "1", "1"]
    assert "1 desired | 1 updated | 1 total | 1 available" in kubectl("describe", "deploy", "web")
    assert kubectl("scale", "deploy", "web", "--replicas=0") == "deployment.apps/web scaled"
    assert kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}") == "0"
    assert kubectl("delete", "deploy", "web").startswith('deployment.apps "web" deleted')


def test_pods_are_described_and_have_logs(kubectl: Kubectl) -> None:
    kubectl("run", "one", "--image=nginx")
    kubectl("wait", "pod/one", "--for=condition=Ready")
    said = kubectl("describe", "pod", "one")
    assert "Status:           Running" in said
    assert "Successfully assigned" in said
    assert kubectl("logs", "one", "--tail=1")
    assert kubectl("get", "pods", "-o", "name") == "pod/one"


def test_server_side_apply_conflicts_with_others(kubectl: Kubectl) -> None:
    kubectl("apply", "--server-side", "-f", "-", text=WEB)
    kubectl("patch", "deploy", "web", "-p", '{"spec":{"replicas":3}}')
    code, said = kubectl.run("apply", "--server-side", "-f", "-", text=WEB)
    assert (code, 'conflict with "kubectl-patch" using apps/v1: .spec.replicas' in said) == (1, True)
    assert kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", text=WEB).endswith("serverside-applied")


def test_small_things_are_created_changed_and_deleted(kubectl: Kubectl) -> None:
    assert kubectl("create", "cm", "conf", "--from-literal=a=b") == "configmap/conf created"
    assert kubectl("create", "secret", "generic", "s", "--from-literal=a=b") == "secret/s created"
    assert kubectl("create", "sa", "robot") == "serviceaccount/robot created"
    assert kubectl("create", "role", "r", "--verb=get", "--resource=pods").endswith("/r created")
    assert kubectl("create", "rolebinding", "b", "--role=r", "--serviceaccount=default:robot").endswith("/b created")
    assert len(kubectl("create", "token", "robot")) > 20
    assert kubectl("annotate", "cm", "conf", "x=y") == "configmap/conf annotated"
    assert kubectl("label", "cm", "conf", "l=m") == "configmap/conf labeled"
    assert kubectl("get", "cm", "-l", "l in (m,n)", "-o", "name") == "configmap/conf"
    assert kubectl("patch", "cm", "conf", "--type=json", "-p", '[{"op":"remove","path":"/data/a"}]').endswith("patched")
    code, said = kubectl.run("create", "cm", "conf")
    assert (code, said) == (1, 'error: failed to create configmap: configmaps "conf" already exists\n')
    assert kubectl("wait", "cm/conf", "--for=create") == "configmap/conf condition met"
    assert kubectl("delete", "cm", "conf").startswith('configmap "conf" deleted')
    assert kubectl.run("get", "cm", "conf") == (1, 'Error from server (NotFound): configmaps "conf" not found\n')


def test_fields_that_a_kind_does_not_have_are_refused(kubectl: Kubectl) -> None:
    code, said = kubectl.run("create", "-f", "-", text=WEB.replace("replicas: 1", "replicsa: 1"))
    assert (code, 'unknown field "spec.replicsa"' in said) == (1, True)


def test_a_dry_run_leaves_nothing(kubectl: Kubectl) -> None:
    said = kubectl("run", "probe", "--image=x", "--dry-run=server", "-o", "json")
    assert json.loads(said)["spec"]["containers"][0]["terminationMessagePath"]
    assert kubectl("get", "pods") == f"No resources found in {kubectl._namespace} namespace."


def test_a_watch_is_followed(kubectl: Kubectl, admin: Client, namespace: str) -> None:
    command = kubectl.command("get", "cm", "-w", "--no-headers", "--output-watch-events")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        admin.create(f"{namespace}/configmaps", config_map("a"))
        assert process.stdout.readline().split()[:3] == ["ADDED", "a", "0"]
        admin.patch(f"{namespace}/configmaps/a", {"data": {"x": "y"}})
        assert process.stdout.readline().split()[:3] == ["MODIFIED", "a", "1"]
        admin.delete(f"{namespace}/configmaps/a")
        assert process.stdout.readline().split()[:3] == ["DELETED", "a", "1"]
        process.terminate()


def test_the_viewer_sees_and_does_not_touch(kubectl: Kubectl) -> None:
    assert kubectl.run("get", "pods", viewer=True)[0] == 0
    assert kubectl.run("auth", "can-i", "list", "pods", viewer=True) == (0, "yes\n")
    assert kubectl.run("auth", "can-i", "create", "pods", viewer=True) == (1, "no\n")
    code, said = kubectl.run("-n", "argocd", "get", "applications", viewer=True)
    assert code == 1
    assert said.startswith('Error from server (Forbidden): applications.argoproj.io is forbidden: User "viewer"')


def test_nodes_are_tainted(kubectl: Kubectl) -> None:
    assert kubectl("taint", "node", "cpu-0", "own=v:NoSchedule") == "node/cpu-0 tainted"
    assert kubectl("taint", "node", "cpu-0", "own-") == "node/cpu-0 untainted"
    assert "Name:               cpu-0" in kubectl("describe", "node", "cpu-0")


def test_what_is_served_is_listed(lab: Lab, kubectl: Kubectl) -> None:
    said = kubectl("api-resources", "--api-group=argoproj.io", "-o", "name").splitlines()
    assert said == ["applications.argoproj.io", "applicationsets.argoproj.io", "appprojects.argoproj.io"]
    assert kubectl("get", "--raw", "/readyz") == "ok"
    assert "v1.36.3" in kubectl("version")
    assert lab.unserved == []
