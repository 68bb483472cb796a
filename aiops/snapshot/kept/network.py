"""Of what leads requests to pods, or keeps them back: Services, Gateways, policies, webhooks, monitors."""

from collections.abc import Mapping

from aiops.snapshot.kept.shapes import CONDITIONS, WHOLE, Fields

_BACKEND = dict.fromkeys(("kind", "name", "namespace", "port"), WHOLE)
_GUARDS = ("apiKeyAuthentication", "authorization", "basicAuthentication", "oauth2")
_TRAFFIC = {
    "extAuth": {"backendRef": _BACKEND},
    "jwtAuthentication": {"providers": {"jwks": {"remote": {"backendRef": _BACKEND}}}},
    **{name: {} for name in _GUARDS},
}
"""Whom it asks, and that it refuses somebody: not by which keys, users or rules."""
_PICKER = {**dict.fromkeys(("kind", "name", "portNumber"), WHOLE), "port": {"number": WHOLE}}
_PEERS = {"podSelector": WHOLE, "namespaceSelector": WHOLE, "ipBlock": {"cidr": WHOLE, "except": WHOLE}}
_RULE = {"from": _PEERS, "to": _PEERS, "ports": dict.fromkeys(("port", "endPort", "protocol"), WHOLE)}
_SCRAPED = dict.fromkeys(("port", "portNumber", "targetPort"), WHOLE)
_MONITOR = {
    "spec": {
        **dict.fromkeys(("selector", "namespaceSelector"), WHOLE),
        **dict.fromkeys(("endpoints", "podMetricsEndpoints"), _SCRAPED),
    }
}
_WEBHOOKS = {
    "webhooks": {
        **dict.fromkeys(("name", "failurePolicy", "namespaceSelector", "objectSelector"), WHOLE),
        "rules": {"apiGroups": WHOLE, "resources": WHOLE},
        "clientConfig": {"service": {"namespace": WHOLE, "name": WHOLE}},
    }
}

NETWORK: Mapping[str, Fields] = {
    "AgentgatewayPolicy": {
        "spec": {"targetRefs": dict.fromkeys(("group", "kind", "name"), WHOLE), "traffic": _TRAFFIC},
        "status": {"ancestors": {"conditions": WHOLE}},
    },
    "EndpointSlice": {"endpoints": {"conditions": {"ready": WHOLE}}},
    "Gateway": {"spec": {"gatewayClassName": WHOLE, "listeners": {"hostname": WHOLE}}, "status": CONDITIONS},
    "GatewayClass": {"spec": {"controllerName": WHOLE}, "status": CONDITIONS},
    "HTTPRoute": {
        "spec": {
            "parentRefs": dict.fromkeys(("kind", "namespace", "name"), WHOLE),
            "hostnames": WHOLE,
            "rules": {"backendRefs": _BACKEND},
        },
        "status": {"parents": {"conditions": WHOLE}},
    },
    "InferencePool": {
        "spec": {
            **dict.fromkeys(("selector", "targetPortNumber"), WHOLE),
            "targetPorts": {"number": WHOLE},
            **dict.fromkeys(("endpointPickerRef", "extensionRef"), _PICKER),
        },
        "status": CONDITIONS,
    },
    "NetworkPolicy": {"spec": {"podSelector": WHOLE, "policyTypes": WHOLE, "ingress": _RULE, "egress": _RULE}},
    "Service": {
        "spec": dict.fromkeys(("type", "selector", "ports"), WHOLE),
        "status": {"loadBalancer": WHOLE, "conditions": WHOLE},
    },
    **dict.fromkeys(("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"), _WEBHOOKS),
    **dict.fromkeys(("PodMonitor", "ServiceMonitor"), _MONITOR),
}
