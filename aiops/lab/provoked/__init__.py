"""The faults of the lab: each check of doctor, and each way in which a bring-up can fail, as something that happens."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from aiops.lab import faults
from aiops.lab.cluster import Cluster
from aiops.lab.provoked import (
    answers,
    argocd,
    commits,
    gpus,
    infrastructure,
    metrics,
    model_pods,
    network,
    secrets,
    syncs,
    waiting,
)


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
    _of("groups-pruned", "somebody pushes a groups file without a group that runs", commits.fewer_groups),
    _of("kinds-served", "a commit brings an object of an unknown kind", commits.unknown_kind),
    _of("waves-gate", "an application fails before one of an earlier wave is there", syncs.overtaken),
    _of("webhooks-answer", "a commit brings an object that a webhook without a server is asked for",
        commits.unanswered_webhook),
    _of("kueue-webhooks-scoped", "Kueue is asked for the Jobs of all namespaces, and is not there",
        syncs.kueue_for_all),
    _of("kueue-defaults", "a ClusterQueue is never what git says", syncs.queue_differs),
    _of("jobs-are-hooks", "a Job that Argo CD has synced deletes itself", syncs.job_gone),
    _of("commit-current", "Argo CD does not see a commit", syncs.old_commit),
    _of("sync-retries", "Argo CD has given up on a sync", syncs.gave_up),
    _of("applications-settled", "an application is annotated skip-reconcile", argocd.left_alone),
    _of("images-pulled", "the registry lets nobody pull a pod's image", waiting.image_denied),
    _of("default-storage-class", "no StorageClass is the default", infrastructure.no_default_class),
    _of("claims-bound", "a claim names a StorageClass that is not there", waiting.claim_without_class),
    _of("volume-single-writer", "a new pod waits for the volume that the old one keeps", waiting.volume_held),
    _of("load-balancer-address", "a load balancer gets no address", infrastructure.no_address),
    _of("network-paths", "a NetworkPolicy lets nobody reach what a route sends requests to", network.nobody_admitted),
    _of("gateway-programmed", "no controller looks at a Gateway", network.gateway_waits),
    _of("pool-names", "a route sends requests to a pool that is not there", network.route_to_nothing),
    _of("pool-endpoints", "the only pod of a pool crashes", network.pool_unanswered),
    _of("route-policies-attached", "a policy names a route that is not there", network.policy_of_nothing),
    _of("hosts-in-domain", "a route has a host of another domain", network.host_of_the_template),
    _of("secret-stores-ready", "the secret stores' provider refuses the login", secrets.store_not_ready),
    _of("external-secrets-synced", "the provider lacks a secret", secrets.secret_not_synced),
    _of("secrets-present", "somebody deletes a Secret", secrets.secret_deleted),
    _of("gpu-stack", "the nodes are of another cloud", infrastructure.nodes_of_another_cloud),
    _of("gpu-nodes-usable", "a GPU node's driver is missing", infrastructure.node_without_driver),
    _of("gpu-capacity", "the GPU node group is at its maximum size", infrastructure.no_more_nodes),
    _of("gpu-models-idle", "a GPU model is up that somebody forgot", infrastructure.forgotten_model),
    _of("gpu-nodes-idle", "a GPU node stays that nobody uses", infrastructure.node_nobody_uses),
    _of("gpu-stock", "the cloud is out of GPU machines", gpus.out_of_stock),
    _of("gpu-demand", "two GPU pods want the one GPU", gpus.one_too_many),
    _of("gpu-rollout", "a GPU model rolls and waits for its own GPU", gpus.rolls),
    _of("model-fits-gpu", "a model lands on a GPU that is too small", gpus.too_small),
    _of("host-memory", "a model is killed for its memory while it loads", gpus.killed_for_its_memory),
    _of("scale-to-zero", "a service asks for no replicas and keeps one", gpus.kept_for_nobody),
    _of("modelcar-storage", "a predictor starts without its model", gpus.without_storage),
    _of("replicas-respected", "Argo CD sets the replicas of a GPU Deployment back", model_pods.replicas_set_back),
    _of("shared-memory-large", "a model on two GPUs waits for shared memory", model_pods.waits_for_shared_memory),
    _of("shared-memory-within-limit", "a model is killed for its shared memory", model_pods.fills_shared_memory),
    _of("gpu-memory-headroom", "a model runs out of GPU memory at its start", model_pods.out_of_gpu_memory),
    _of("weights-offline", "Hugging Face turns a model away", model_pods.turned_away),
    _of("probe-open", "a probe asks for a path that wants a key", model_pods.probe_refused),
    _of("model-key-current", "somebody changes the key of a model that runs", model_pods.key_rotated),
    _of("startup-budget", "a model is killed while it loads", model_pods.killed_while_it_loads),
    _of("autoscaler-reads-metrics", "an autoscaler asks a Prometheus that is not there", metrics.nobody_to_ask),
    _of("autoscaler-paused", "somebody resumed an autoscaler, and did not pause it again", metrics.autoscaler_resumed),
    _of("litellm-sso-seats", "a LiteLLM lets people in by its own login", metrics.login_of_five),
    _of("vllm-metric-names", "an autoscaler asks for a metric that vLLM has no more", metrics.query_of_old),
    _of("model-metrics-scraped", "no monitor selects a vLLM server", metrics.model_not_scraped),
    _of("dcgm-exporter-single", "a second exporter of GPU metrics runs beside GKE's own", metrics.second_exporter),
    _of("dcgm-scraped", "no monitor selects the exporter of GPU metrics", metrics.exporter_not_scraped),
    Fault(slug="bad-commit", provokes="a commit brings a file that is no YAML", named_by="wait",
          play=commits.broken_manifest),
    Fault(slug=faults.GPU_QUOTA, provokes="the cloud grants no GPU", named_by="vllm-up", play=_asked_for),
    Fault(slug="gpu-quota-used-up", provokes="the cloud's quota of GPUs is used up", named_by="doctor: gpu-quota",
          play=gpus.quota_used_up),
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
    Fault(slug=faults.TOOL_CALLS_IN_TEXT, provokes="the model's server leaves tool calls in the text",
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
