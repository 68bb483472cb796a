"""What is there before anybody wrote anything: a new Kubernetes on which somebody installed an Argo CD."""

import base64
import secrets

import yaml

from aiops.lab.api import recorded
from aiops.lab.api.definitions import SERVER
from aiops.lab.api.kinds import Json
from aiops.lab.cluster import Cluster

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease", "argocd")
VIEWERS = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: viewers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: viewers}]
"""
STORAGE = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: standard-rwo
  annotations: {storageclass.kubernetes.io/is-default-class: "true"}
provisioner: kubernetes.io/no-provisioner
reclaimPolicy: Delete
volumeBindingMode: Immediate
"""
KUBERNETES = """
apiVersion: v1
kind: Service
metadata: {name: kubernetes, namespace: default, labels: {component: apiserver, provider: kubernetes}}
spec: {clusterIP: 10.96.0.1, ports: [{name: https, port: 443, targetPort: 443}]}
"""
NODE = """
apiVersion: v1
kind: Node
metadata:
  name: NAME
  labels: {kubernetes.io/hostname: NAME, kubernetes.io/os: linux, kubernetes.io/arch: amd64,
           beta.kubernetes.io/os: linux, beta.kubernetes.io/arch: amd64,
           cloud.google.com/gke-nodepool: default-pool}
spec: {providerID: "gce://ai-lab/us-central1-a/NAME"}
status:
  allocatable: &size {cpu: "32", memory: 256Gi, pods: "500", ephemeral-storage: 500Gi}
  capacity: *size
"""
"""As big as the tests' real stack has them, so that a whole platform fits."""


def seed(cluster: Cluster) -> None:
    """Make it all."""
    for name in NAMESPACES:
        _make(cluster, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    argocd = recorded.read("argocd")
    for body in (*recorded.read("kubernetes")["objects"], *argocd["crds"], *argocd["objects"]):
        _make(cluster, body)
    for text in (VIEWERS, STORAGE, KUBERNETES, *(NODE.replace("NAME", name) for name in ("cpu-0", "cpu-1"))):
        _make(cluster, yaml.safe_load(text))
    _make(cluster, _secret("argocd-secret", "admin.password", "server.secretkey"))
    _make(cluster, _secret("argocd-initial-admin-secret", "password"))


def _make(cluster: Cluster, body: Json) -> None:
    kind = cluster.kinds.of(body["apiVersion"], body["kind"])
    assert kind is not None, body["kind"]  # noqa: S101 - a mistake in this file
    cluster.objects.create(kind.resource, body, SERVER)


def _secret(name: str, *keys: str) -> Json:
    data = {key: base64.b64encode(secrets.token_urlsafe(24).encode()).decode() for key in keys}
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "argocd"}
    meta = {"name": name, "namespace": "argocd", **({"labels": labels} if name == "argocd-secret" else {})}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "Opaque", "data": data}
