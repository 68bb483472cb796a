"""Does `gpu_stack` of the config agree with who provides the nodes?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok, skip
from aiops.judge.bill import is_gpu_node, offers_gpu
from aiops.judge.finding import Evidence, Finding
from aiops.judge.provider import is_gke, provider_of
from aiops.snapshot.look import Look


def _judge(look: Look) -> Iterator[Finding]:
    stack, nodes = look.value("config")["gpuStack"], look.items("nodes")
    providers = {provider_of(node): node["metadata"]["name"] for node in nodes if provider_of(node)}
    gpus = [node["metadata"]["name"] for node in nodes if is_gpu_node(node) and not offers_gpu(node)]
    if stack == "none" and gpus:
        yield Finding(
            status="warn",
            symptom=f"gpu_stack is none, and node {gpus[0]} has a GPU that it does not offer",
            cause="nobody installs its driver",
            fix="set gpu_stack in the config, then `aiops resolve`",
        )
    elif stack == "none":
        yield ok("gpu_stack is none, and no node has a GPU that waits for a driver")
    elif not providers:
        yield skip("no node says who provides it (spec.providerID)")
    elif is_gke(nodes) != (stack == "gke-managed"):
        yield _disagree(stack, providers)
    else:
        yield ok(f"gpu_stack is {stack}, and the nodes are of {', '.join(sorted(providers))}")


def _disagree(stack: str, providers: dict[str, str]) -> Finding:
    provider, node = next(iter(providers.items()))
    if stack == "gke-managed":
        cause, right = "no GKE is there that would install the driver: a GPU node never offers its GPU", "operator"
    else:
        cause, right = "GKE installs its own driver and exporter: two of each fight over the node", "gke-managed"
    return Finding(
        status="fail",
        symptom=f"gpu_stack is {stack}, and the nodes are of {provider}",
        cause=cause,
        fix=f"set gpu_stack: {right} in the config, then `aiops resolve`",
        evidence=(Evidence(f"Node {node}", f"spec.providerID begins with {provider}://"),),
    )


CHECK = Check(
    slug="gpu-stack",
    group="gpu",
    title="gpu_stack of the config agrees with who provides the nodes",
    reads=("config", "nodes"),
    needs=("config-valid", "cluster-reachable"),
    prerequisite=True,
    judge=_judge,
)
