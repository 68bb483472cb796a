"""The faults of the lab: each check of doctor, and each way in which a bring-up can fail, as something that happens."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from aiops.lab import faults
from aiops.lab.cluster import Cluster
from aiops.lab.provoked import answers, argocd, commits, infrastructure, secrets


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that can be wrong."""

    slug: str
    """That of the check which names it, where there is one."""
    provokes: str
    """What is so then."""
    named_by: str
    """The command, and of doctor the check where it has another name."""
    play: Callable[[Cluster], AbstractContextManager[None]]
    """Makes it so, and puts it back."""


def _asked_for(_: Cluster) -> AbstractContextManager[None]:
    """Who simulates it asks by itself whether it is on."""
    return nullcontext()


def _of(check: str, provokes: str, play: Callable[[Cluster], AbstractContextManager[None]]) -> Fault:
    return Fault(slug=check, provokes=provokes, named_by="doctor", play=play)


ALL: tuple[Fault, ...] = (
    _of("cluster-reachable", "the API server is down", answers.down),
    _of("access", "the user may not list nodes", answers.forbidden),
    _of("kubernetes-version", "the API server is of 1.29", answers.old_version),
    _of("clocks-agree", "the cluster's clock is 6 minutes ahead", answers.other_time),
    _of("nodes-ready", "a node's network does not come up", infrastructure.node_not_ready),
    _of("api-services-available", "the server of a part of the API is gone", infrastructure.api_without_server),
    _of("argocd-installed", "the cluster does not know AppProject", argocd.without_kinds),
    _of("cluster-target", "the ApplicationSets read another platform's repository", argocd.of_another_platform),
    _of("argocd-version", "Argo CD is 3.2", argocd.old_version),
    _of("argocd-controller-alive", "Argo CD's application controller is down", argocd.controller_down),
    _of("applicationset-controller-alive", "Argo CD's ApplicationSet controller is down", argocd.set_controller_down),
    _of("git-readable", "the platform's repository is gone", commits.without_repository),
    _of("groups-file-pushed", "somebody else pushed another groups file", commits.groups_by_somebody_else),
    _of("project-applied", "somebody deletes the AppProject", argocd.without_project),
    _of("applicationsets-reconciled", "somebody deletes an ApplicationSet", argocd.without_set),
    _of("kinds-served", "a commit brings an object of an unknown kind", commits.unknown_kind),
    _of("applications-settled", "an application is annotated skip-reconcile", argocd.left_alone),
    _of("default-storage-class", "no StorageClass is the default", infrastructure.no_default_class),
    _of("load-balancer-address", "a load balancer gets no address", infrastructure.no_address),
    _of("secret-stores-ready", "the secret stores' provider refuses the login", secrets.store_not_ready),
    _of("external-secrets-synced", "the provider lacks a secret", secrets.secret_not_synced),
    _of("secrets-present", "somebody deletes a Secret", secrets.secret_deleted),
    _of("gpu-stack", "the nodes are of another cloud", infrastructure.nodes_of_another_cloud),
    _of("gpu-nodes-usable", "a GPU node's driver is missing", infrastructure.node_without_driver),
    _of("gpu-capacity", "the GPU node group is at its maximum size", infrastructure.no_more_nodes),
    _of("gpu-models-idle", "a GPU model is up that somebody forgot", infrastructure.forgotten_model),
    _of("gpu-nodes-idle", "a GPU node stays that nobody uses", infrastructure.node_nobody_uses),
    Fault(slug="bad-commit", provokes="a commit brings a file that is no YAML", named_by="wait",
          play=commits.broken_manifest),
    Fault(slug=faults.GPU_QUOTA, provokes="the cloud grants no GPU", named_by="vllm-up", play=_asked_for),
    Fault(slug=faults.NODE_NEVER_JOINS, provokes="a GPU node is paid for and never joins",
          named_by="vllm-up", play=_asked_for),
    Fault(slug=faults.IMAGE_PULL, provokes="the model's image is nowhere", named_by="vllm-up",
          play=_asked_for),
    Fault(slug=faults.MODEL_OOM, provokes="the model needs more memory than it may have",
          named_by="vllm-up", play=_asked_for),
    Fault(slug=faults.WRONG_KEY, provokes="the model's server takes another key than its Secret holds",
          named_by="vllm-up", play=_asked_for),
    Fault(slug=faults.MODEL_FAILS, provokes="the model's server answers what it is asked with an error",
          named_by="smoke", play=_asked_for),
    Fault(slug=faults.MODEL_HANGS, provokes="the model's server does not answer what it is asked",
          named_by="smoke", play=_asked_for),
    Fault(slug="api-429", provokes="the API server turns every request away", named_by="doctor: cluster-reachable",
          play=answers.too_many),
    Fault(slug="api-500", provokes="the API server answers every request with an error",
          named_by="doctor: cluster-reachable", play=answers.broken),
    Fault(slug="api-resets", provokes="every connection to the API server is cut", named_by="doctor: cluster-reachable",
          play=answers.cut),
    Fault(slug="api-stops", provokes="the API server stands still for 20 s", named_by="wait",
          play=answers.stopped),
)  # fmt: skip
BY_SLUG = {fault.slug: fault for fault in ALL}


def switch(cluster: Cluster, slug: str, on: bool) -> None:
    """Switch a fault on, or off again; ValueError where it cannot be."""
    if on == cluster.faults.on(slug):
        return
    if on:
        play = BY_SLUG[slug].play(cluster)
        play.__enter__()
        cluster.faults.playing[slug] = play
    else:
        cluster.faults.playing.pop(slug).__exit__(None, None, None)
    cluster.faults.switch(slug, on)
