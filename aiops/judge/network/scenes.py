"""The scene and its NetworkPolicies, of a look at a cluster and of what a tree declares."""

from collections.abc import Iterable, Mapping

from aiops.gitops.declared import Declared
from aiops.gitops.monitors import body_of
from aiops.gitops.parsing import part, value
from aiops.judge.labels import Labels
from aiops.judge.network.pods import pods_of
from aiops.judge.network.policies import Policies
from aiops.judge.network.scene import Scene
from aiops.snapshot import Json
from aiops.snapshot.look import Look

READS = (
    "deployments",
    "gateway-classes",
    "gateway-policies",
    "gateways",
    "http-routes",
    "inference-pools",
    "pod-monitors",
    "pods",
    "service-monitors",
    "services",
)
"""What is read for a scene."""


def of_look(look: Look) -> tuple[Scene, Policies]:
    """Of a cluster. A Deployment at 0 has its pods in its template."""
    objects = tuple(body for name in READS for body in look.items(name))
    pods = tuple(pod for body in objects for pod in pods_of(body))
    namespaces = {body["metadata"]["name"]: Labels(body["metadata"].get("labels") or {})
                  for body in look.items("namespaces")}  # fmt: skip
    return Scene(objects=objects, pods=pods, whole=True), Policies(look.items("network-policies"), namespaces, pods)


def of_tree(declared: Declared) -> tuple[Scene, Policies]:
    """Of what its applications deploy; what nobody deploys tells whom a selector is meant for."""
    deployed = tuple(map(body_of, (each for each in declared.manifests if each.application)))
    by_hand = map(body_of, (each for each in declared.manifests if not each.application))
    pods = tuple(pod for body in deployed for pod in pods_of(body))
    others = tuple(pod for body in by_hand for pod in pods_of(body))
    policies = (body for body in deployed if body["kind"] == "NetworkPolicy")
    scene = Scene(objects=deployed, pods=pods, whole=False)
    return scene, Policies(policies, _namespaces(declared, deployed), (*pods, *others))


def _namespaces(declared: Declared, objects: Iterable[Json]) -> Mapping[str, Labels]:
    """Their labels, where the tree says which they have; somebody may label those that Argo CD makes."""
    made = {
        app.namespace: Labels({key: str(text) for key, text in labels.items()}, "any")
        for app in declared.applications
        if (labels := part(app.manifest, "spec", "syncPolicy", "managedNamespaceMetadata", "labels"))
    }
    written = {
        str(value(body, "metadata", "name")): Labels(part(body, "metadata", "labels"))
        for body in objects
        if body["kind"] == "Namespace"
    }
    return {**made, **written}
