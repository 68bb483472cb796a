"""The GPU pods that a tree declares, and on which GPU types they may land."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aiops.gitops.declared import Declared, Manifest
from aiops.gitops.models import ACCELERATOR_LABELS
from aiops.gitops.parsing import Body, items, part, texts, value
from aiops.gitops.workloads import Pods, pods_made_by
from aiops.judge.gpu_types import named_in
from aiops.judge.model import asks_for_gpu

INSTANCE_TYPES = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")
"""Labels of a node that name its machine type."""
_NARROW_NOTHING = ("kubernetes.io/os", "kubernetes.io/arch", "topology.kubernetes.io/", "nvidia.com/gpu.present")
"""What a selector may ask for without telling one GPU pool from another."""
_PARTS = ("cloud.google.com/gke-gpu-partition-size", "cloud.google.com/gke-gpu-sharing-strategy")
"""Labels of nodes whose GPUs are cut into pieces."""
_INFRASTRUCTURE = (".tf", ".tfvars", ".tf.json")


@dataclass(frozen=True)
class GpuPods:
    """Pods of one kind that ask for GPUs."""

    manifest: Manifest
    pods: Pods
    gpus: int
    """Per pod."""

    @property
    def wanted(self) -> Mapping[str, tuple[str, ...]]:
        """By label of a node, the values of which a node must have one."""
        return dict(_wanted(self.pods.spec))

    @property
    def pinned(self) -> tuple[str, ...]:
        """The GPU types of which its node has one; empty where it takes any."""
        return next((self.wanted[label] for label in ACCELERATOR_LABELS if label in self.wanted), ())

    @property
    def machines(self) -> tuple[str, ...]:
        """The machine types of which its node is one; empty where it takes any."""
        return next((self.wanted[label] for label in INSTANCE_TYPES if label in self.wanted), ())

    @property
    def elsewhere(self) -> bool:
        """It asks for a piece of a GPU, or for labels that say nothing of it: which pool has them, no tree tells."""
        known = (*ACCELERATOR_LABELS, *INSTANCE_TYPES, *_NARROW_NOTHING)
        others = [label for label in self.wanted if not label.startswith(known)]
        return any(label in _PARTS for label in others) or bool(others and not self.pinned)


def gpu_pods_of(declared: Declared) -> Iterator[GpuPods]:
    """All of a tree."""
    for manifest in declared.manifests:
        for pods in pods_made_by(manifest.body):
            if gpus := gpus_of_spec(pods.spec):
                yield GpuPods(manifest, pods, gpus)


def gpus_of_spec(spec: Body) -> int:
    """GPUs of a pod with this spec."""
    return asks_for_gpu({"spec": {**spec, "containers": running_in(spec)}})


def running_in(spec: Body) -> list[Body]:
    """Its running containers; KServe's `model` is one of them."""
    model = part(spec, "model")
    return [*items(spec, "containers"), *([model] if model else ())]


def declared_types(declared: Declared) -> dict[str, str]:
    """The GPU types that the tree or its config knows, each with who names it."""
    found: dict[str, str] = {}
    for label in declared.config.aiops.prices if declared.config else ():
        found.setdefault(label, "aiops.prices of the config")
    for each in gpu_pods_of(declared):
        for label in each.pinned:
            found.setdefault(label, str(each.manifest))
    for flavor in declared.of("ResourceFlavor"):
        for key in ACCELERATOR_LABELS:
            if label := value(flavor.body, "spec", "nodeLabels", key):
                found.setdefault(str(label), str(flavor))
    for file in declared.files.under(""):
        if file.endswith(_INFRASTRUCTURE):
            for label in named_in(declared.files.read(file) or ""):
                found.setdefault(label, file)
    return found


def _wanted(spec: Body) -> Iterator[tuple[str, tuple[str, ...]]]:
    """By its node selector, and by what all terms of an affinity ask for that leaves no choice."""
    required = part(spec, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    terms = [dict(_of_term(term)) for term in items(required, "nodeSelectorTerms")]
    for label in terms[0] if terms else ():
        if all(label in term for term in terms):
            yield label, tuple(dict.fromkeys(each for term in terms for each in term[label]))
    for label, wanted in part(spec, "nodeSelector").items():
        yield str(label), (str(wanted),)


def _of_term(term: Body) -> Iterator[tuple[str, tuple[str, ...]]]:
    for each in items(term, "matchExpressions"):
        if each.get("operator") in ("In", "Exists"):
            yield str(each.get("key")), texts(each, "values")
