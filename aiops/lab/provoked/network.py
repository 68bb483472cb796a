"""Faults of the network: policies, Gateways, routes and what stands behind them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Name, name_of
from aiops.lab.cluster import Cluster
from aiops.lab.provoked.hands import DEFINITIONS, LONG_AGO_S, aged, body_of, known, let_go, made, say, whenever

GATEWAYS, ROUTES = "gateways.gateway.networking.k8s.io", "httproutes.gateway.networking.k8s.io"
ROUTE_VERSION = "gateway.networking.k8s.io/v1"
POOLS, POOL_VERSION = "inferencepools.inference.networking.k8s.io", "inference.networking.k8s.io/v1"
POLICIES, POLICY_VERSION = "agentgatewaypolicies.agentgateway.dev", "agentgateway.dev/v1alpha1"
SERVES = {"app": "unanswered"}


@contextmanager
def nobody_admitted(cluster: Cluster) -> Iterator[None]:
    """A NetworkPolicy denies everything where a route sends its requests."""

    def deny(route: Json) -> AbstractContextManager[None]:
        policy = body_of("networking.k8s.io/v1", "NetworkPolicy", "default-deny", {"podSelector": {}})
        policy["metadata"]["namespace"] = route["metadata"]["namespace"]
        return made(cluster, "networkpolicies.networking.k8s.io", policy)

    with _beside_a_route(cluster, deny):
        yield


@contextmanager
def gateway_waits(cluster: Cluster) -> Iterator[None]:
    """No controller looks at a Gateway."""
    why = "Waiting for controller"
    said = {"type": "Programmed", "status": "Unknown", "reason": "Pending", "message": why}
    chosen: dict[Name, Json] = {}

    def wait(body: Json) -> None:
        if chosen.keys() <= {name_of(body)} and not _says(body, why):
            chosen[name_of(body)] = body
            say(cluster, GATEWAYS, aged(cluster, GATEWAYS, body), said)

    with whenever(cluster, GATEWAYS, wait):
        yield
    let_go(cluster, GATEWAYS, chosen.values())


def route_to_nothing(cluster: Cluster) -> AbstractContextManager[None]:
    """A route sends its requests to a pool that is not there."""
    then = cluster.clock.stamp(LONG_AGO_S)
    said = {"type": "ResolvedRefs", "status": "False", "reason": "BackendNotFound", "message": "pool not found"}
    status = {"parents": [{"conditions": [{**said, "lastTransitionTime": then}]}]}
    backend = {"group": POOL_VERSION.partition("/")[0], "kind": "InferencePool", "name": "nowhere"}
    body = body_of(ROUTE_VERSION, "HTTPRoute", "to-nothing", {"rules": [{"backendRefs": [backend]}]})
    return _beside_a_route(cluster, lambda _: made(cluster, ROUTES, body, status, ago_s=LONG_AGO_S))


def host_of_the_template(cluster: Cluster) -> AbstractContextManager[None]:
    """A route has a host that is not of the config's domain."""
    body = body_of(ROUTE_VERSION, "HTTPRoute", "of-the-template", {"hostnames": ["chat.template.example.org"]})
    return _beside_a_route(cluster, lambda _: made(cluster, ROUTES, body))


@contextmanager
def pool_unanswered(cluster: Cluster) -> Iterator[None]:
    """The only pod of a pool crashes again and again."""
    then = cluster.clock.stamp(LONG_AGO_S)
    pod = body_of("v1", "Pod", "unanswered", {"containers": [{"name": "server", "image": "example.com/server:1"}]})
    pod["metadata"]["labels"] = SERVES
    crashes = {"name": "server", "image": "example.com/server:1", "imageID": "", "ready": False, "restartCount": 9,
               "state": {"waiting": {"reason": "CrashLoopBackOff"}},
               "lastState": {"terminated": {"reason": "Error", "exitCode": 1}}}  # fmt: skip
    ready = {"type": "Ready", "status": "False", "lastTransitionTime": then}
    status = {"phase": "Running", "conditions": [ready], "containerStatuses": [crashes]}
    spec = {"selector": {"matchLabels": SERVES}, "targetPorts": [{"number": 8000}]}
    pool = body_of(POOL_VERSION, "InferencePool", "unanswered", spec)
    with made(cluster, "pods", pod, status, ago_s=LONG_AGO_S), _made_of(cluster, POOLS, pool):
        yield


def policy_of_nothing(cluster: Cluster) -> AbstractContextManager[None]:
    """A policy that asks for logins names a route that is not there."""
    target = {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "nowhere"}
    traffic = {"extAuth": {"backendRef": {"name": "login", "port": 80}}}
    spec = {"targetRefs": [target], "traffic": traffic}
    return _made_of(cluster, POLICIES, body_of(POLICY_VERSION, "AgentgatewayPolicy", "of-nothing", spec))


@contextmanager
def _beside_a_route(cluster: Cluster, make: Callable[[Json], AbstractContextManager[None]]) -> Iterator[None]:
    """Something that is there from the moment on in which a route is."""
    with ExitStack() as stack:
        chosen: list[Json] = []

        def choose(body: Json) -> None:
            if not chosen:
                chosen.append(body)
                stack.enter_context(make(body))

        stack.enter_context(whenever(cluster, ROUTES, choose))
        yield


@contextmanager
def _made_of(cluster: Cluster, resource: str, body: Json) -> Iterator[None]:
    """An object of a kind that the cluster may not know, which then comes with it."""
    with ExitStack() as stack:
        chosen: list[Json] = []

        def choose(_: Json) -> None:
            if not chosen and cluster.kinds.find(resource):
                chosen.append(body)
                stack.enter_context(made(cluster, resource, body, ago_s=LONG_AGO_S))

        version = body["apiVersion"].rpartition("/")[2]
        stack.enter_context(known(cluster, resource, version, body["kind"]))
        stack.enter_context(whenever(cluster, DEFINITIONS, choose))
        yield


def _says(body: Json, word: str) -> bool:
    return any(word in each.values() for each in body.get("status", {}).get("conditions") or ())
