"""Which layer brings a kind, by its files."""

import pytest

from aiops.judge.delivery import missing_kinds, words
from tests.judge.layers import POLICY, crd, delivery, of
from tests.judge.saved import saved


@pytest.mark.parametrize(
    ("manifests", "within", "beyond"),
    [
        ({}, None, None),
        ({"walls": crd(*POLICY)}, "walls", None),
        ({"roof": crd(*POLICY)}, None, "roof"),
        ({"roof": of("agentgateway.dev")}, None, "roof"),  # the chart that brings the CRD hides it
        ({"roof": crd(*POLICY), "antenna": crd(*POLICY)}, None, "roof"),
        ({"roof": of("agentgateway.dev"), "antenna": of("agentgateway.dev")}, None, "roof"),
        ({"roof": of("agentgateway.dev"), "antenna": crd(*POLICY)}, None, "antenna"),
        ({"walls": of("agentgateway.dev")}, None, None),  # using a kind is not bringing it
        ({"roof": crd("agentgateway.dev", "Other")}, None, None),
        ({"roof": crd("other.dev", "AgentgatewayPolicy")}, None, None),
    ],
)
def test_the_layer_that_brings_a_kind(manifests: dict[str, str], within: str | None, beyond: str | None) -> None:
    tree = delivery(**manifests)
    assert (tree.layer_within(POLICY), tree.layer_beyond(POLICY)) == (within, beyond)


def test_missing_kinds_are_each_named_once() -> None:
    app = saved("retrying")
    app["status"]["resources"] *= 2
    known = frozenset({("", "Service"), ("apps", "Deployment"), ("external-secrets.io", "ExternalSecret")})
    missing = missing_kinds(app, known)
    assert missing == (
        POLICY,
        ("gateway.networking.k8s.io", "HTTPRoute"),
        ("gateway.networking.k8s.io", "ReferenceGrant"),
    )
    assert words(missing[:2]) == "AgentgatewayPolicy (agentgateway.dev), HTTPRoute (gateway.networking.k8s.io)"


def test_the_same_kind_of_another_group_is_missing() -> None:
    assert POLICY in missing_kinds(saved("retrying"), frozenset({("other.dev", "AgentgatewayPolicy")}))
