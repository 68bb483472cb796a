"""What NetworkPolicies let through: a table of policies and connections.

The rules are those of kubernetes.io/docs/concepts/services-networking/network-policies and of the defaults of its API
(pkg/apis/networking/v1/defaults.go): a pod that no policy selects takes everything; policies add up; an empty selector
is every pod, an empty list of peers everybody; both ends must agree.
"""

from dataclasses import replace

import pytest
import yaml

from aiops.judge.labels import Answer, Labels
from aiops.judge.network.pods import UNKNOWN, Pod, pods_of
from aiops.judge.network.policies import Connection, Direction, Policies, Port, types
from aiops.snapshot import Json

WEB = Pod(namespace="shop", labels=Labels({"app": "web"}), ports={"http": 8080})
PROXY = Pod(namespace="edge", labels=Labels({"app": "proxy"}), ports={})
SHOPPER = Pod(namespace="shop", labels=Labels({"app": "shopper"}), ports={})
MADE_BY_A_CHART = Pod(namespace="edge", labels=UNKNOWN)
ON_HOST = replace(PROXY, on_host=True)
NAMESPACES = {"shop": Labels({}), "edge": Labels({"team": "network", "zone": "outer"})}


def policies(text: str, *pods: Pod) -> Policies:
    """Each of some specs, as a NetworkPolicy of the server's namespace."""
    specs = [spec if isinstance(spec, dict) else {} for spec in yaml.safe_load_all(text)]
    return Policies(map(policy, specs), NAMESPACES, pods)


def policy(spec: Json, namespace: str = "shop") -> Json:
    return {"kind": "NetworkPolicy", "metadata": {"name": "one", "namespace": namespace}, "spec": spec}


def admitted(text: str, client: Pod = PROXY, server: Pod = WEB, port: Port = 8080, protocol: str = "TCP") -> Answer:
    connection = Connection(client=client, server=server, port=port, protocol=protocol)
    return policies(text, SHOPPER, WEB).verdict("Ingress", connection).admitted


# --- what isolates


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("{podSelector: {matchLabels: {app: db}}}", True),  # it is of other pods
        ("{podSelector: {}}", False),  # default deny: no rule at all
        ("{}", False),  # a selector that is not written is empty
        ("{podSelector: {}, ingress: []}", False),
        ("{podSelector: {}, ingress: [{}]}", True),  # default allow
        ("{podSelector: {}, policyTypes: [Egress]}", True),  # it says nothing about ingress
        ("{podSelector: {}, policyTypes: [Ingress, Egress], egress: [{}]}", False),
        ("{podSelector: {matchLabels: {app: web}}}", False),
        ("{podSelector: {matchExpressions: [{key: app, operator: In, values: [web, api]}]}}", False),
        ("{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}", True),
        ("{podSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}}", True),
    ],
)
def test_a_pod_is_isolated_by_what_selects_it(text: str, answer: Answer) -> None:
    assert admitted(text) is answer


def test_a_policy_of_another_namespace_isolates_nobody() -> None:
    found = Policies([policy({"podSelector": {}}, "edge")], NAMESPACES)
    verdict = found.verdict("Ingress", Connection(client=PROXY, server=WEB, port=8080))
    assert (verdict.admitted, verdict.policies) == (True, ())


@pytest.mark.parametrize(
    ("spec", "directions"),
    [
        ({}, ("Ingress",)),
        ({"ingress": [{}]}, ("Ingress",)),
        ({"egress": [{}]}, ("Ingress", "Egress")),
        ({"egress": []}, ("Ingress",)),
        ({"policyTypes": ["Egress"]}, ("Egress",)),
        ({"policyTypes": ["Ingress"], "egress": [{}]}, ("Ingress",)),
    ],
)
def test_the_directions_are_those_that_it_names_or_the_default(spec: Json, directions: tuple[str, ...]) -> None:
    assert types(policy(spec)) == directions


# --- whom a rule admits


@pytest.mark.parametrize(
    ("peer", "answer"),
    [
        ("{podSelector: {}}", False),  # every pod of the policy's own namespace
        ("{podSelector: {matchLabels: {app: proxy}}}", False),  # of the policy's own namespace too
        ("{namespaceSelector: {}}", True),  # every namespace
        ("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: edge}}}", True),
        ("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}", False),
        ("{namespaceSelector: {matchLabels: {team: network}}}", True),
        ("{namespaceSelector: {matchLabels: {team: shop}}}", False),
        ("{namespaceSelector: {matchExpressions: [{key: zone, operator: In, values: [inner, outer]}]}}", True),
        ("{namespaceSelector: {matchExpressions: [{key: zone, operator: NotIn, values: [outer]}]}}", False),
        ("{namespaceSelector: {}, podSelector: {matchLabels: {app: proxy}}}", True),  # both
        ("{namespaceSelector: {}, podSelector: {matchLabels: {app: other}}}", False),
        ("{namespaceSelector: {matchLabels: {team: shop}}, podSelector: {}}", False),
        ("{namespaceSelector: {}}, {podSelector: {matchLabels: {app: other}}}", True),  # either
        ("{ipBlock: {cidr: 203.0.113.0/24}}", False),  # no pod has an address in it
        ("{ipBlock: {cidr: 10.0.0.0/8}}", None),
        ("{ipBlock: {cidr: 0.0.0.0/0}}", None),
        ("{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10]}}", False),
        ("{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/9]}}", None),
        ("{ipBlock: {cidr: '2001:db8::/32'}}", False),
        ("{ipBlock: {cidr: 'fd00::/8'}}", None),
        ("{ipBlock: {cidr: everywhere}}", None),
        ("{ipBlock: {cidr: 203.0.113.0/24}}, {namespaceSelector: {}}", True),
    ],
)
def test_a_rule_admits_its_peers(peer: str, answer: Answer) -> None:
    assert admitted(f"{{podSelector: {{}}, ingress: [{{from: [{peer}]}}]}}") is answer


@pytest.mark.parametrize(
    ("peer", "answer"),
    [
        ("{podSelector: {}}", True),
        ("{podSelector: {matchLabels: {app: shopper}}}", True),
        ("{namespaceSelector: {matchLabels: {team: network}}}", False),
    ],
)
def test_a_client_of_the_same_namespace_needs_a_rule_too(peer: str, answer: Answer) -> None:
    assert admitted(f"{{podSelector: {{}}, ingress: [{{from: [{peer}]}}]}}", SHOPPER) is answer


@pytest.mark.parametrize("peers", ["", "from: []", "from: null"])
def test_no_peers_are_everybody(peers: str) -> None:
    assert admitted(f"{{podSelector: {{}}, ingress: [{{ports: [{{port: 8080}}], {peers}}}]}}") is True


# --- ports


@pytest.mark.parametrize(
    ("ports", "port", "answer"),
    [
        ("", 8080, True),
        ("{port: 8080}", 8080, True),
        ("{port: 8080, protocol: TCP}", 8080, True),
        ("{port: 8080, protocol: UDP}", 8080, False),
        ("{protocol: UDP}", 8080, False),
        ("{protocol: TCP}", 8080, True),  # every port
        ("{port: 80}", 8080, False),  # it is the pod's port, not the Service's
        ("{port: http}", 8080, True),  # by the name that the container gives it
        ("{port: metrics}", 8080, False),
        ("{port: http}", "http", True),
        ("{port: 8080}", "http", True),
        ("{port: 9090}", "http", False),
        ("{port: 8000, endPort: 9000}", 8080, True),
        ("{port: 8000, endPort: 8079}", 8080, False),
        ("{port: 8080, endPort: 9000}", 8080, True),
        ("{port: 8000, endPort: 9000}", "http", True),
        ("{port: 8000, endPort: 9000}", "grpc", None),  # no container gives a port this name
        ("{port: 9090}, {port: 8080}", 8080, True),  # either
        ("{port: 8080}", None, None),
        ("{port: http}", None, None),
        ("", None, True),
    ],
)
def test_a_rule_admits_on_its_ports(ports: str, port: Port, answer: Answer) -> None:
    text = f"{{podSelector: {{}}, ingress: [{{from: [{{namespaceSelector: {{}}}}], ports: [{ports}]}}]}}"
    assert admitted(text, port=port) is answer


def test_a_rule_admits_those_that_match_both_peers_and_ports() -> None:
    text = "{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: 8080}]}, {ports: [{port: 9090}]}]}"
    assert (admitted(text), admitted(text, port=9090), admitted(text, SHOPPER)) == (False, True, True)


def test_the_name_of_a_port_is_one_of_the_server_whose_ports_may_not_be_known() -> None:
    text = "{podSelector: {}, ingress: [{ports: [{port: http}]}]}"
    assert admitted(text, server=replace(WEB, ports=None)) is None


# --- several policies


def test_policies_add_up() -> None:
    deny, edge, shop = (
        "{podSelector: {}}",
        "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: network}}}]}]}",
        "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {}}]}]}",
    )
    assert admitted(f"{deny}\n---\n{shop}") is False
    assert admitted(f"{deny}\n---\n{shop}\n---\n{edge}") is True
    assert admitted(f"{shop}\n---\n{deny}", SHOPPER) is True


def test_a_verdict_names_those_that_isolate() -> None:
    text = (
        "{podSelector: {}}\n---\n{podSelector: {matchLabels: {app: db}}}\n---\n{podSelector: {matchLabels: {app: web}}}"
    )
    verdict = policies(text).verdict("Ingress", Connection(client=PROXY, server=WEB, port=8080))
    assert [each["spec"] for each in verdict.policies] == [
        {"podSelector": {}}, {"podSelector": {"matchLabels": {"app": "web"}}},
    ]  # fmt: skip


# --- egress


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("{podSelector: {}}", True),  # of ingress alone
        ("{podSelector: {}, policyTypes: [Egress]}", False),
        ("{podSelector: {}, egress: [{}]}", True),
        ("{podSelector: {}, egress: [{ports: [{port: 53, protocol: UDP}]}]}", False),
        ("{podSelector: {}, egress: [{to: [{namespaceSelector: {matchLabels: {team: network}}}]}]}", True),
        ("{podSelector: {}, egress: [{to: [{podSelector: {}}]}]}", False),
        (
            "{podSelector: {}, egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: {app: proxy}}}]}]}",
            True,
        ),
        ("{podSelector: {}, egress: [{to: [{namespaceSelector: {}}], ports: [{port: admin}]}]}", True),
        ("{podSelector: {}, egress: [{to: [{namespaceSelector: {}}], ports: [{port: http}]}]}", False),
        ("{podSelector: {matchLabels: {app: db}}, policyTypes: [Egress]}", True),
    ],
)
def test_the_clients_end_agrees_too(text: str, answer: Answer) -> None:
    connection = Connection(client=WEB, server=replace(PROXY, ports={"admin": 9901}), port=9901)
    assert policies(text).verdict("Egress", connection).admitted is answer


def test_each_end_is_judged_by_the_policies_of_its_own_namespace() -> None:
    found = policies("{podSelector: {}, policyTypes: [Ingress, Egress]}")
    incoming = Connection(client=PROXY, server=WEB, port=8080)
    outgoing = Connection(client=WEB, server=PROXY, port=80)
    directions: tuple[Direction, ...] = ("Ingress", "Egress")
    assert [found.verdict(each, incoming).admitted for each in directions] == [False, True]
    assert [found.verdict(each, outgoing).admitted for each in directions] == [True, False]


# --- what is not known


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: network}}}]}]}", True),
        ("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}", False),
        ("{podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: x}}}]}]}", None),
        ("{podSelector: {}}", False),
    ],
)
def test_a_client_whose_labels_nobody_knows(text: str, answer: Answer) -> None:
    assert admitted(text, MADE_BY_A_CHART) is answer


def test_a_selector_of_pods_that_are_known_is_not_meant_for_one_that_is_not() -> None:
    client = replace(MADE_BY_A_CHART, namespace="shop")
    text = "{{podSelector: {{}}, ingress: [{{from: [{{podSelector: {{matchLabels: {{app: {0}}}}}}}]}}]}}"
    assert admitted(text.format("shopper"), client) is False
    assert admitted(text.format("anything"), client) is None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("{podSelector: {matchLabels: {app: other}}}", None),  # it may be the server
        ("{podSelector: {matchLabels: {app: shopper}}}", True),  # it is of a pod that is known
        ("{podSelector: {}}", False),
        ("{podSelector: {}}\n---\n{podSelector: {matchLabels: {app: other}}, ingress: [{}]}", None),
        ("{podSelector: {}}\n---\n{podSelector: {matchLabels: {app: other}}}", False),
        ("{podSelector: {}, ingress: [{}]}\n---\n{podSelector: {matchLabels: {app: other}}}", True),
    ],
)
def test_a_server_whose_labels_nobody_knows(text: str, answer: Answer) -> None:
    assert admitted(text, server=Pod(namespace="shop", labels=UNKNOWN)) is answer


def test_a_namespace_whose_labels_nobody_knows_has_its_name_all_the_same() -> None:
    client = replace(PROXY, namespace="elsewhere")
    text = "{{podSelector: {{}}, ingress: [{{from: [{{namespaceSelector: {{matchLabels: {{{0}}}}}}}]}}]}}"
    assert admitted(text.format("kubernetes.io/metadata.name: elsewhere"), client) is True
    assert admitted(text.format("kubernetes.io/metadata.name: edge"), client) is False
    assert admitted(text.format("team: network"), client) is None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("{podSelector: {matchLabels: {app: db}}}", True),
        ("{podSelector: {}}", False),
        ("{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}", None),
        ("{podSelector: {}, ingress: [{}]}", True),
    ],
)
def test_what_selectors_mean_for_a_client_on_its_nodes_network_is_not_defined(text: str, answer: Answer) -> None:
    assert admitted(text, ON_HOST) is answer


def test_what_a_policy_means_for_a_server_on_its_nodes_network_is_not_defined() -> None:
    assert admitted("{podSelector: {}}", server=replace(WEB, on_host=True)) is None
    assert admitted("{podSelector: {matchLabels: {app: db}}}", server=replace(WEB, on_host=True)) is True


# --- pods


def test_the_pods_of_an_object() -> None:
    spec = {
        "containers": [
            {"name": "x", "image": "i", "ports": [{"name": "http", "containerPort": 80}, {"containerPort": 81}]}
        ]
    }
    template = {"metadata": {"labels": {"app": "x"}}, "spec": {**spec, "hostNetwork": True}}
    meta = {"name": "x", "namespace": "n"}
    (found,) = pods_of({"kind": "Deployment", "metadata": meta, "spec": {"template": template}})
    assert found == Pod(namespace="n", labels=Labels({"app": "x"}, "added"), ports={"http": 80}, on_host=True,
                        owner="Deployment n/x", images=("i",))  # fmt: skip
    (pod,) = pods_of({"kind": "Pod", "metadata": {**meta, "labels": {"app": "x"}}, "spec": spec})
    assert (pod.labels, pod.on_host) == (Labels({"app": "x"}), False)


def test_a_pod_that_has_ended_talks_to_nobody() -> None:
    assert list(pods_of({"kind": "Pod", "metadata": {"name": "x"}, "spec": {}, "status": {"phase": "Succeeded"}})) == []


def test_the_labels_that_kserve_gives_its_pods_are_not_known() -> None:
    body = {
        "kind": "InferenceService",
        "metadata": {"name": "x", "namespace": "n"},
        "spec": {"predictor": {"containers": [{}]}},
    }
    assert [pod.labels for pod in pods_of(body)] == [UNKNOWN]
