"""Which connections a platform needs, and what NetworkPolicies do to them."""

from collections.abc import Iterator

import pytest
import yaml

from aiops.judge.labels import Labels
from aiops.judge.network.blocked import Blocked, judged
from aiops.judge.network.paths import paths
from aiops.judge.network.plugins import enforcer
from aiops.judge.network.pods import pods_of
from aiops.judge.network.policies import Policies
from aiops.judge.network.scene import Path, Scene
from aiops.snapshot import Json

GATEWAY = """
kind: Gateway
metadata: {name: front, namespace: edge}
spec: {gatewayClassName: agentgateway}
---
kind: HTTPRoute
metadata: {name: chat, namespace: chat}
spec:
  parentRefs: [{name: front, namespace: edge}]
  rules: [{backendRefs: [{name: chat, port: 80}]}]
"""
CHAT = """
kind: Service
metadata: {name: chat, namespace: chat}
spec: {selector: {app: chat}, ports: [{name: web, port: 80, targetPort: http}, {name: metrics, port: 9090}]}
---
kind: Deployment
metadata: {name: chat, namespace: chat}
spec:
  template:
    metadata: {labels: {app: chat}}
    spec: {containers: [{name: chat, ports: [{name: http, containerPort: 8080}]}]}
"""
ROUTE_TO_POOL = """
kind: HTTPRoute
metadata: {name: llm, namespace: models}
spec:
  parentRefs: [{name: front, namespace: edge}]
  rules: [{backendRefs: [{group: inference.networking.k8s.io, kind: InferencePool, name: qwen}]}]
"""
POOL = """
kind: InferencePool
metadata: {name: qwen, namespace: models}
spec:
  selector: {matchLabels: {app: qwen}}
  targetPorts: [{number: 8000}]
  endpointPickerRef: {name: picker, port: {number: 9002}}
---
kind: Service
metadata: {name: picker, namespace: models}
spec: {selector: {app: picker}, ports: [{port: 9002}]}
"""
PROMETHEUS = """
kind: Pod
metadata: {name: prometheus-0, namespace: monitoring, labels: {app.kubernetes.io/name: prometheus}}
spec: {containers: [{name: prometheus, image: quay.io/prometheus/prometheus:v3.8.1}]}
"""
DENY = """
kind: NetworkPolicy
metadata: {name: deny, namespace: chat}
spec: {podSelector: {}}
"""


def bodies(*texts: str) -> Iterator[Json]:
    for text in texts:
        yield from yaml.safe_load_all(text)


def scene(*texts: str, whole: bool = False) -> Scene:
    objects = tuple(bodies(*texts))
    return Scene(objects=objects, pods=tuple(pod for body in objects for pod in pods_of(body)), whole=whole)


def needed(*texts: str, whole: bool = False) -> list[str]:
    return [_shown(each) for each in paths(scene(*texts, whole=whole))]


def _shown(path: Path) -> str:
    client, server = path.client, path.server
    return f"{client.name} ({client.namespace}) -> {server.name} ({server.namespace}):{path.port}"


def kept_back(*texts: str) -> list[Blocked]:
    found = scene(*texts)
    names = {pod.namespace: Labels({}) for pod in found.pods}
    policies = [body for body in found.objects if body["kind"] == "NetworkPolicy"]
    return list(judged(paths(found), Policies(policies, names, found.pods)).blocked)


# --- routes


def test_a_gateways_proxies_run_in_its_own_namespace_and_ask_the_pods_behind_a_service() -> None:
    (path,) = paths(scene(GATEWAY, CHAT))
    assert _shown(path) == "Gateway edge/front (edge) -> Service chat/chat (chat):http"
    (proxy,), (server,) = path.client.pods, path.server.pods
    assert proxy.labels == Labels(
        {
            "gateway.networking.k8s.io/gateway-name": "front",
            "gateway.networking.k8s.io/gateway-class-name": "agentgateway",
        },
        "any",
    )
    assert (server.labels.known, server.owner) == ({"app": "chat"}, "Deployment chat/chat")
    assert (str(path.needed_by), path.what) == ("HTTPRoute chat/chat", "sends requests to Service chat/chat:80")


def test_proxies_that_are_there_are_taken_as_they_are() -> None:
    label = "gateway.networking.k8s.io/gateway-name: front"
    there = (
        f"{{kind: Pod, metadata: {{name: x, namespace: edge, labels: {{{label}, team: a}}}}, spec: {{containers: []}}}}"
    )
    (path,) = paths(scene(GATEWAY, CHAT, there, whole=True))
    (proxy,) = path.client.pods
    assert proxy.labels.known["team"] == "a"
    assert proxy.labels.besides == "none"


def test_the_proxies_of_envoy_gateway_are_where_it_is_itself() -> None:
    labels = "gateway.envoyproxy.io/owning-gateway-name: front, gateway.envoyproxy.io/owning-gateway-namespace: edge"
    there = f"{{kind: Pod, metadata: {{name: x, namespace: system, labels: {{{labels}}}}}, spec: {{containers: []}}}}"
    assert needed(GATEWAY, CHAT, there, whole=True) == ["Gateway edge/front (system) -> Service chat/chat (chat):http"]


@pytest.mark.parametrize(
    ("of_class", "controller"),
    [
        ("gke-l7-global-external-managed", ""),
        ("gke", "networking.gke.io/gateway"),
        ("cilium", ""),
        ("x", "io.cilium/gateway-controller"),
        ("eg", "gateway.envoyproxy.io/gatewayclass-controller"),
    ],
)
def test_proxies_that_are_no_pods_of_that_namespace_are_not_guessed(of_class: str, controller: str) -> None:
    text = GATEWAY.replace("agentgateway", of_class)
    known = f"{{kind: GatewayClass, metadata: {{name: {of_class}}}, spec: {{controllerName: {controller}}}}}"
    assert needed(text, CHAT, *([known] if controller else [])) == []


@pytest.mark.parametrize("what", ["parentRefs: [{kind: Service, name: x}]", "parentRefs: []"])
def test_a_route_of_no_gateway_needs_nothing(what: str) -> None:
    assert needed(GATEWAY.replace("parentRefs: [{name: front, namespace: edge}]", what), CHAT) == []


def test_a_route_looks_for_its_gateway_and_its_backend_at_home() -> None:
    text = GATEWAY.replace("{name: front, namespace: edge}]", "{name: front}]").replace(
        "namespace: edge", "namespace: chat"
    )
    assert needed(text, CHAT) == ["Gateway chat/front (chat) -> Service chat/chat (chat):http"]


@pytest.mark.parametrize(
    ("old", "new", "port"),
    [
        ("port: 80}]}]", "port: 9090}]}]", 9090),
        ("targetPort: http", 'targetPort: "8080"', 8080),
        ("port: 80}]}]", "port: 81}]}]", None),
    ],
)
def test_the_port_is_that_of_the_pods(old: str, new: str, port: int | None) -> None:
    (path,) = paths(scene(GATEWAY.replace(old, new), CHAT.replace(old, new)))
    assert path.port == port


@pytest.mark.parametrize("spec", ["{type: ExternalName, externalName: example.com}", "{ports: [{port: 80}]}"])
def test_a_service_without_pods_of_its_own_is_left_out(spec: str) -> None:
    assert needed(GATEWAY, f"{{kind: Service, metadata: {{name: chat, namespace: chat}}, spec: {spec}}}") == []


def test_a_service_of_a_chart_is_somewhere_in_its_namespace() -> None:
    assert needed(GATEWAY) == ["Gateway edge/front (edge) -> Service chat/chat (chat):None"]
    assert needed(GATEWAY, whole=True) == [], "on a cluster it is not there"


def test_a_service_whose_pods_nobody_knows_tells_their_labels() -> None:
    (path,) = paths(scene(GATEWAY, CHAT.split("---")[0]))
    (server,) = path.server.pods
    assert server.labels == Labels({"app": "chat"}, "any")


# --- pools


def test_a_pool_has_its_pods_asked_by_the_proxies_and_by_its_picker() -> None:
    assert needed(GATEWAY.split("---")[0], ROUTE_TO_POOL, POOL) == [
        "Gateway edge/front (edge) -> InferencePool models/qwen (models):8000",
        "Gateway edge/front (edge) -> the endpoint picker Service models/picker (models):9002",
        "the endpoint picker Service models/picker (models) -> InferencePool models/qwen (models):8000",
    ]


def test_a_pool_of_the_older_version() -> None:
    old = """
kind: InferencePool
metadata: {name: qwen, namespace: models}
spec: {selector: {app: qwen}, targetPortNumber: 8001, extensionRef: {name: picker}}
"""
    assert [each.partition("-> ")[2] for each in needed(ROUTE_TO_POOL, old)] == [
        "InferencePool models/qwen (models):8001",
        "the endpoint picker Service models/picker (models):None",
        "InferencePool models/qwen (models):8001",
    ]


def test_a_pool_of_a_chart_and_its_picker_are_in_the_namespace_that_the_route_says() -> None:
    assert needed(ROUTE_TO_POOL) == [
        "Gateway edge/front (edge) -> InferencePool models/qwen (models):None",
        "Gateway edge/front (edge) -> the endpoint picker of InferencePool models/qwen (models):9002",
        "the endpoint picker of InferencePool models/qwen (models) -> InferencePool models/qwen (models):None",
    ]
    assert needed(ROUTE_TO_POOL, whole=True) == []


# --- policies of a gateway

POLICY = """
kind: AgentgatewayPolicy
metadata: {name: guard, namespace: chat}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: chat}]
  traffic: {extAuth: {backendRef: {name: login, namespace: login, port: 80}}}
"""
KEYS = """
kind: AgentgatewayPolicy
metadata: {name: keys, namespace: edge}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: front}]
  traffic:
    jwtAuthentication:
      providers: [{jwks: {remote: {backendRef: {kind: Service, name: dex, namespace: dex, port: 5556}}}}]
"""
CONTROLLER = """
kind: Deployment
metadata: {name: agw, namespace: system}
spec: {template: {metadata: {labels: {app.kubernetes.io/name: agentgateway}}, spec: {containers: [{name: x}]}}}
"""


def test_proxies_ask_who_checks_logins() -> None:
    assert "Gateway edge/front (edge) -> Service login/login (login):None" in needed(GATEWAY, CHAT, POLICY)


def test_a_controller_fetches_key_sets_itself() -> None:
    first = GATEWAY.split("---")[0]
    assert needed(first, KEYS, CONTROLLER) == [
        "the controller of Gateway edge/front (system) -> Service dex/dex (dex):None"
    ]
    assert needed(first, KEYS) == [], "nobody knows where it is"


def test_a_policy_of_a_route_that_is_not_there_needs_nothing() -> None:
    assert needed(POLICY) == []


# --- Prometheus

MONITOR = """
kind: ServiceMonitor
metadata: {name: chat, namespace: chat}
spec: {selector: {matchLabels: {app: chat}}, endpoints: [{port: metrics}]}
"""
WATCHED = CHAT.replace("{name: chat, namespace: chat}", "{name: chat, namespace: chat, labels: {app: chat}}", 1)
OPERATED = "{kind: Prometheus, metadata: {name: main, namespace: monitoring}, spec: {}}"
ASKED = """
kind: ScaledObject
metadata: {name: x, namespace: chat}
spec: {triggers: [{type: prometheus, metadata: {serverAddress: "http://prometheus-operated.monitoring.svc:9090"}}]}
"""


@pytest.mark.parametrize("prometheus", [PROMETHEUS, OPERATED, ASKED])
def test_prometheus_is_told_by_its_image_its_object_or_by_who_asks_it(prometheus: str) -> None:
    assert needed(MONITOR, WATCHED, prometheus) == [
        "Prometheus in monitoring (monitoring) -> Service chat/chat (chat):9090"
    ]


def test_who_asks_prometheus_does_not_make_one_on_a_cluster() -> None:
    assert needed(MONITOR, WATCHED, ASKED, whole=True) == []


@pytest.mark.parametrize(
    ("old", "new", "port"),
    [
        ("[{port: metrics}]", "[{port: web}]", "http"),
        ("[{port: metrics}]", "[{targetPort: 8081}]", 8081),
        ("namespace: chat}", "namespace: monitoring}", None),  # it looks at home alone
        ("selector:", "namespaceSelector: {any: true}, selector:", 9090),
        ("selector:", "namespaceSelector: {matchNames: [other]}, selector:", None),
        ("app: chat", "app: other", None),
        ("[{port: metrics}]", "[{port: nothing}]", None),
    ],
)
def test_a_monitor_has_the_ports_scraped_that_it_selects(old: str, new: str, port: int | str | None) -> None:
    found = needed(MONITOR.replace(old, new), WATCHED, PROMETHEUS)
    assert [each.rpartition(":")[2] for each in found] == ([] if port is None else [str(port)])


def test_a_pod_monitor_selects_pods() -> None:
    monitor = """
kind: PodMonitor
metadata: {name: chat, namespace: chat}
spec: {selector: {matchLabels: {app: chat}}, podMetricsEndpoints: [{port: http}, {port: nothing}]}
"""
    assert needed(monitor, CHAT, PROMETHEUS) == [
        "Prometheus in monitoring (monitoring) -> Deployment chat/chat (chat):http"
    ]


# --- what keeps them back


def test_what_no_policy_lets_through_is_told_with_the_rule_to_add() -> None:
    (found,) = kept_back(GATEWAY, CHAT, DENY)
    assert found.symptom == "NetworkPolicy chat/deny keeps Gateway edge/front from Service chat/chat on port http"
    assert "a Gateway's proxies run in its own namespace, not in its controller's" in found.cause
    assert found.fix == (
        "add to spec.ingress of NetworkPolicy chat/deny: `- {from: [{namespaceSelector: {matchLabels: "
        "{kubernetes.io/metadata.name: edge}}, podSelector: {matchLabels: {gateway.networking.k8s.io/gateway-name: "
        "front}}}], ports: [{port: http}]}`"
    )


def test_the_rule_is_what_lets_it_through() -> None:
    (found,) = kept_back(GATEWAY, CHAT, DENY)
    rule = yaml.safe_load(found.fix.partition("`")[2].strip("`"))
    assert (
        kept_back(GATEWAY, CHAT, yaml.safe_dump({**next(bodies(DENY)), "spec": {"podSelector": {}, "ingress": rule}}))
        == []
    )


def test_the_rule_goes_to_the_policy_that_admits_the_most() -> None:
    allow = """
kind: NetworkPolicy
metadata: {name: allow, namespace: chat}
spec:
  podSelector: {}
  ingress: [{from: [{podSelector: {}}, {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: system}}}]}]
"""
    (found,) = kept_back(GATEWAY, CHAT, DENY, allow)
    assert found.symptom.startswith("NetworkPolicies chat/allow, chat/deny keep Gateway edge/front from")
    assert "spec.ingress of NetworkPolicy chat/allow" in found.fix


def test_egress_is_kept_back_at_the_clients_end() -> None:
    deny = (
        "{kind: NetworkPolicy, metadata: {name: out, namespace: edge}, spec: {podSelector: {}, policyTypes: [Egress]}}"
    )
    (found,) = kept_back(GATEWAY, CHAT, deny)
    assert (found.direction, found.symptom) == (
        "Egress", "NetworkPolicy edge/out keeps Gateway edge/front from Service chat/chat on port http",
    )  # fmt: skip
    assert found.fix.startswith("add to spec.egress of NetworkPolicy edge/out: `- {to: [{namespaceSelector:")
    assert "podSelector: {matchLabels: {app: chat}}" in found.fix


def test_connections_that_one_rule_would_let_through_are_told_together() -> None:
    other = GATEWAY.partition("---")[2].replace("name: chat, port: 80", "name: more, port: 80")
    (found,) = kept_back(
        GATEWAY, other.replace("{name: chat, namespace: chat}", "{name: more, namespace: chat}"), CHAT, DENY
    )
    assert found.symptom.endswith("from Service chat/chat on port http, Service chat/more")
    assert "ports" not in found.fix, "of one of them nobody knows the port"


def test_within_one_namespace_a_rule_is_needed_too() -> None:
    deny = DENY.replace("namespace: chat", "namespace: models")
    found = kept_back(ROUTE_TO_POOL, POOL, deny)
    assert [each.symptom.partition(" keeps ")[2] for each in found] == [
        "Gateway edge/front from InferencePool models/qwen on port 8000, "
        "the endpoint picker Service models/picker on port 9002",
        "the endpoint picker Service models/picker from InferencePool models/qwen on port 8000",
    ]
    assert "- {from: [{podSelector: {matchLabels: {app: picker}}}], ports: [{port: 8000}]}" in found[1].fix


def test_no_policy_keeps_a_pod_from_itself() -> None:
    itself = """
kind: Service
metadata: {name: prometheus, namespace: monitoring, labels: {app: chat}}
spec: {selector: {app.kubernetes.io/name: prometheus}, ports: [{name: metrics, port: 9090}]}
"""
    monitor, deny = (text.replace("namespace: chat", "namespace: monitoring") for text in (MONITOR, DENY))
    assert needed(monitor, itself, PROMETHEUS) == [
        "Prometheus in monitoring (monitoring) -> Service monitoring/prometheus (monitoring):9090"
    ]
    assert kept_back(monitor, itself, PROMETHEUS, deny) == []


def test_pods_that_are_there_are_judged_before_the_template_that_made_them() -> None:
    there = (
        "{kind: Pod, metadata: {name: x, namespace: chat, labels: {app: chat, injected: a}}, spec: {containers: []}}"
    )
    (path,) = paths(scene(GATEWAY, CHAT, there, whole=True))
    assert [pod.labels.known for pod in path.server.pods] == [{"app": "chat", "injected": "a"}]


def test_a_value_that_is_no_text_in_yaml_is_quoted() -> None:
    numbered = CHAT.replace("app: chat", 'app: "1"')
    deny = (
        "{kind: NetworkPolicy, metadata: {name: out, namespace: edge}, spec: {podSelector: {}, policyTypes: [Egress]}}"
    )
    (found,) = kept_back(GATEWAY, numbered, deny)
    assert "{app: '1'}" in found.fix


def test_what_cannot_be_told_is_counted_apart() -> None:
    rule = "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]"
    found = scene(GATEWAY, CHAT, DENY.replace("podSelector: {}", f"podSelector: {{}}, {rule}"))
    policies = [body for body in found.objects if body["kind"] == "NetworkPolicy"]
    seen = judged(paths(found), Policies(policies, {}, found.pods))
    assert (seen.blocked, seen.admitted, seen.untold) == ((), 0, 1)


# --- who enforces them


@pytest.mark.parametrize(
    ("name", "image", "enforces"),
    [
        ("anetd", "gke.gcr.io/cilium/cilium:v1.17", True),
        ("cilium", "quay.io/cilium/cilium@sha256:1", True),
        ("agent", "quay.io/cilium/cilium:v1.18", True),
        ("calico-node", "docker.io/calico/node:v3.31", True),
        ("antrea-agent", "antrea/antrea-agent-ubuntu:v2", True),
        ("aws-node", "amazon/aws-network-policy-agent:v1.2", True),
        ("kube-proxy", "registry.k8s.io/kube-proxy:v1.36", False),
        ("kindnet", "docker.io/kindest/kindnetd:v2025", False),
        ("hubble", "quay.io/cilium/hubble-relay:v1", False),
    ],
)
def test_a_plugin_that_enforces_policies_is_known_by_its_name_or_its_image(
    name: str, image: str, enforces: bool
) -> None:
    body = {
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": "kube-system"},
        "spec": {"template": {"spec": {"containers": [{"image": image}]}}},
    }
    assert enforcer([body]) == (f"DaemonSet kube-system/{name}" if enforces else "")
