"""An object of every kind of which a look keeps more than its identity, as the API gives it: with a canary wherever a
secret may stand, and none where names stand, which are kept on purpose (of Secrets, of their keys, of variables)."""

import json
from typing import Any

from aiops.snapshot import Json
from tests.judge.models import ago
from tests.snapshot.pods import CANARY, CONTAINER, CONTAINER_STATUS, ENDED, HEADERS, LOGIN, POD_SPEC, SIGNED, WORKLOAD

APPLIED = json.dumps({"kind": "Secret", "data": {"key": CANARY}})
FOREIGN: Json = {
    "kubectl.kubernetes.io/last-applied-configuration": APPLIED,
    "vault.hashicorp.com/token": CANARY,
    "checksum/secret": CANARY,
    "argocd.argoproj.io/manifest-generate-paths": CANARY,
}
MANAGED: list[Json] = [
    {"manager": CANARY, "operation": "Update", "time": ago(50), "fieldsV1": {"f:data": {f"f:{CANARY}": {}}}},
    {
        "manager": "helm",
        "operation": "Apply",
        "time": ago(60),
        "fieldsV1": {
            "f:metadata": {"f:annotations": {f"f:{CANARY}": {}}, "f:finalizers": {f'v:"{CANARY}"': {}}},
            "f:spec": {"f:template": {f'k:{{"name":"{CANARY}"}}': {"f:env": {}}}, "f:replicas": {}},
        },
    },
]


def said(kind: str, status: str = "False") -> Json:
    """A condition whose message names a URL with a login."""
    return {"type": kind, "status": status, "reason": "Failed", "message": f"no {LOGIN}", "lastTransitionTime": ago(9)}


SOURCE: Json = {
    "repoURL": LOGIN,
    "path": "gateway/litellm",
    "targetRevision": "main",
    "helm": {
        "parameters": [{"name": "masterKey", "value": CANARY}],
        "values": f"key: {CANARY}",
        "valuesObject": {"key": CANARY},
        "fileParameters": [{"name": "x", "path": CANARY}],
    },
    "kustomize": {"commonAnnotations": {"key": CANARY}, "patches": [{"patch": CANARY}]},
    "plugin": {"name": "vault", "env": [{"name": "TOKEN", "value": CANARY}]},
    "directory": {"jsonnet": {"extVars": [{"name": "key", "value": CANARY}]}},
}
COMPARED: Json = {"source": SOURCE, "sources": [SOURCE], "destination": {"server": "https://k", "namespace": "x"}}
OPERATION: Json = {
    "initiatedBy": {"username": "admin"},
    "info": [{"name": "why", "value": CANARY}],
    "retry": {"limit": 5},
    "sync": {"revision": "0123", "source": SOURCE, "sources": [SOURCE], "manifests": [CANARY]},
}
OPERATION_STATE: Json = {
    "phase": "Failed",
    "message": f"could not clone {LOGIN}",
    "operation": OPERATION,
    "syncResult": {
        "source": SOURCE,
        "sources": [SOURCE],
        "revision": "0123",
        "managedNamespaceMetadata": {"annotations": {"x": CANARY}},
        "resources": [
            {"kind": "Job", "name": "x", "status": "SyncFailed", "message": f"no {LOGIN}", "images": [CANARY]}
        ],
    },
}
ARGOCD: dict[str, Json] = {
    "Application": {
        "spec": {
            **COMPARED,
            "project": "platform",
            "info": [{"name": "x", "value": CANARY}],
            "syncPolicy": {
                "automated": {"selfHeal": True},
                "syncOptions": ["RespectIgnoreDifferences=true"],
                "retry": {"limit": 5},
                "managedNamespaceMetadata": {"annotations": {"x": CANARY}},
            },
        },
        "operation": OPERATION,
        "status": {
            "conditions": [{"type": "ComparisonError", "message": f"failed to list refs of {LOGIN}: denied"}],
            "health": {"status": "Degraded", "lastTransitionTime": ago(5)},
            "reconciledAt": ago(5),
            "history": [{"source": SOURCE, "revision": "0123"}],
            "summary": {"externalURLs": [LOGIN], "images": [CANARY]},
            "sourceHydrator": {"currentOperation": {"drySource": SOURCE}},
            "resources": [{"kind": "Secret", "name": "x", "status": "Synced", "health": {"message": CANARY}}],
            "sync": {"status": "OutOfSync", "revision": "0123", "comparedTo": COMPARED},
            "operationState": OPERATION_STATE,
        },
    },
    "ApplicationSet": {
        "spec": {
            "generators": [
                {"git": {"repoURL": LOGIN, "revision": "main", "values": {"key": CANARY}, "template": {"x": CANARY}}},
                {"list": {"elements": [{"key": CANARY}]}},
                {"plugin": {"input": {"parameters": {"key": CANARY}}}},
            ],
            "template": {"spec": {"source": SOURCE}},
            "templatePatch": CANARY,
        },
        "status": {"conditions": [said("ErrorOccurred", "True")], "resources": [{"health": {"message": CANARY}}]},
    },
    "ConfigMap": {
        "data": {
            "timeout.reconciliation": "180s",
            "dex.config": CANARY,
            "config.yaml": f"key: {CANARY}",
            "resource.customizations": CANARY,
            "resource.customizations.health.argoproj.io_Application": CANARY,
        },
        "binaryData": {"key": CANARY},
    },
}
WORKLOADS: dict[str, Json] = {
    "DaemonSet": WORKLOAD,
    "Deployment": WORKLOAD,
    "Event": {
        "involvedObject": {"kind": "Pod", "uid": "p", "fieldPath": "spec.containers{vllm}"},
        "reason": "Failed",
        "message": f"Failed to pull {LOGIN}, and GET {SIGNED} and GET /v1?api_key={CANARY}: denied",
        "lastTimestamp": ago(5),
        "related": {"name": CANARY},
        "source": {"component": CANARY},
    },
    "Job": {
        "spec": {
            "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}},
            "template": {"metadata": {"annotations": {"x": CANARY}}, "spec": POD_SPEC},
            "podFailurePolicy": {"rules": [{"x": CANARY}]},
        },
        "status": {"conditions": [said("Failed", "True")], "uncountedTerminatedPods": {"failed": [CANARY]}},
    },
    "Node": {
        "spec": {"providerID": "gce://x", "taints": [{"key": "nvidia.com/gpu"}], "configSource": CANARY},
        "status": {
            "capacity": {"nvidia.com/gpu": "1"},
            "images": [{"names": [CANARY]}],
            "nodeInfo": {"machineID": CANARY},
            "addresses": [{"address": CANARY}],
        },
    },
    "PersistentVolumeClaim": {
        "spec": {
            "storageClassName": "standard",
            "volumeName": CANARY,
            "selector": {"matchLabels": {"x": CANARY}},
            "dataSource": {"name": CANARY},
        },
        "status": {"phase": "Pending", "conditions": [{"message": CANARY}]},
    },
    "Pod": {
        "spec": POD_SPEC,
        "status": {
            "phase": "Failed",
            "message": f"could not fetch {LOGIN}",
            "containerStatuses": [CONTAINER_STATUS],
            "initContainerStatuses": [{**CONTAINER_STATUS, "state": {"terminated": ENDED}}],
            "ephemeralContainerStatuses": [CONTAINER_STATUS],
        },
    },
    "ReplicaSet": WORKLOAD,
    "Secret": {"type": "Opaque", "data": {"key": CANARY}, "stringData": {"key": CANARY}, CANARY: CANARY},
    "StatefulSet": WORKLOAD,
    "StorageClass": {"provisioner": "x", "parameters": {"secret": CANARY}, "mountOptions": [f"password={CANARY}"]},
}

ROUTED: Json = {"group": "", "kind": "Service", "name": "chat", "namespace": "ns", "port": 80}
FILTERS = [
    {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": HEADERS}},
    {"type": "URLRewrite", "urlRewrite": {"hostname": CANARY}},
    {"type": "ExtensionRef", "extensionRef": {"name": CANARY}},
]
TRAFFIC: Json = {
    "extAuth": {"backendRef": {**ROUTED, "x": CANARY}, "http": {"addRequestHeaders": {"Authorization": CANARY}}},
    "jwtAuthentication": {
        "providers": [{"issuer": CANARY, "jwks": {"inline": CANARY, "remote": {"backendRef": ROUTED, "path": CANARY}}}]
    },
    "basicAuthentication": {"users": [f"ann:{CANARY}"], "secretRef": {"name": CANARY}},
    "apiKeyAuthentication": {"keys": [CANARY]},
    "authorization": {"policy": {"matchExpressions": [f"request.headers['k'] == '{CANARY}'"]}},
    "oauth2": {"clientSecret": CANARY},
    "transformation": {"request": {"set": HEADERS, "body": CANARY}},
    "headerModifiers": {"request": {"add": HEADERS}},
    "rateLimit": {"global": {"descriptors": [CANARY], "backendRef": {"name": CANARY}}},
}
SELECTOR: Json = {"matchLabels": {"app": "x"}, "matchExpressions": [{"key": "y", "operator": "Exists"}]}
PEERS: list[Json] = [
    {"podSelector": SELECTOR, "namespaceSelector": {}, "x": CANARY},
    {"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.1/32"], "x": CANARY}},
]
SCRAPED: Json = {
    "port": "http",
    "path": CANARY,
    "params": {"token": [CANARY]},
    "basicAuth": {"password": {"key": CANARY}},
    "bearerTokenSecret": {"key": CANARY},
    "authorization": {"credentials": {"key": CANARY}},
    "tlsConfig": {"ca": {"secret": {"key": CANARY}}},
    "proxyUrl": LOGIN,
    "metricRelabelings": [{"replacement": CANARY}],
}
MONITOR: Json = {
    "spec": {
        "selector": SELECTOR,
        "namespaceSelector": {"matchNames": ["ns"]},
        "endpoints": [SCRAPED],
        "podMetricsEndpoints": [SCRAPED],
        "attachMetadata": CANARY,
    }
}
WEBHOOKS: Json = {
    "webhooks": [
        {
            "name": "mjob.kb.io",
            "failurePolicy": "Fail",
            "namespaceSelector": SELECTOR,
            "rules": [{"apiGroups": ["batch"], "resources": ["jobs"], "x": CANARY}],
            "clientConfig": {
                "caBundle": CANARY,
                "url": LOGIN,
                "service": {"namespace": "kueue", "name": "webhook", "path": f"/{CANARY}"},
            },
            "matchConditions": [{"name": "x", "expression": f"request.userInfo.username == '{CANARY}'"}],
        }
    ]
}
NETWORK: dict[str, Json] = {
    "AgentgatewayPolicy": {
        "spec": {
            "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "chat", "x": CANARY}],
            "traffic": TRAFFIC,
            "backend": {"auth": {"key": CANARY}, "tls": {"sni": CANARY}, "ai": {"promptGuard": {"x": CANARY}}},
            "frontend": {"accessLog": {"filter": CANARY}},
        },
        "status": {"ancestors": [{"conditions": [said("Accepted")], "ancestorRef": {"name": CANARY}}]},
    },
    "EndpointSlice": {
        "endpoints": [
            {
                "addresses": [CANARY],
                "conditions": {"ready": True, "serving": CANARY},
                "hostname": CANARY,
                "targetRef": {"name": CANARY},
                "deprecatedTopology": {"x": CANARY},
            }
        ],
        "ports": [{"name": CANARY}],
    },
    "Gateway": {
        "spec": {
            "gatewayClassName": "agentgateway",
            "listeners": [
                {
                    "name": "https",
                    "hostname": "chat.example.com",
                    "tls": {"certificateRefs": [{"name": CANARY}], "options": {"key": CANARY}},
                    "allowedRoutes": {"namespaces": {"selector": {"matchLabels": {"x": CANARY}}}},
                }
            ],
            "addresses": [{"value": CANARY}],
            "infrastructure": {"annotations": {"x": CANARY}, "parametersRef": {"name": CANARY}},
        },
        "status": {
            "conditions": [said("Programmed")],
            "addresses": [{"value": CANARY}],
            "listeners": [{"conditions": [{"message": CANARY}]}],
        },
    },
    "GatewayClass": {
        "spec": {"controllerName": "agentgateway.dev/agentgateway", "description": CANARY, "parametersRef": CANARY},
        "status": {"conditions": [said("Accepted")], "supportedFeatures": [{"name": CANARY}]},
    },
    "HTTPRoute": {
        "spec": {
            "parentRefs": [{"name": "public", "sectionName": CANARY}],
            "hostnames": ["chat.example.com"],
            "rules": [
                {
                    "name": CANARY,
                    "matches": [{"path": {"value": f"/{CANARY}"}, "headers": HEADERS, "queryParams": HEADERS}],
                    "filters": FILTERS,
                    "backendRefs": [{**ROUTED, "filters": FILTERS}],
                    "sessionPersistence": {"sessionName": CANARY},
                }
            ],
        },
        "status": {"parents": [{"conditions": [said("ResolvedRefs")], "controllerName": CANARY}]},
    },
    "InferencePool": {
        "spec": {
            "selector": {"matchLabels": {"app": "x"}},
            "targetPorts": [{"number": 8000, "x": CANARY}],
            "endpointPickerRef": {"name": "epp", "port": {"number": 9002, "x": CANARY}, "failureMode": CANARY},
        },
        "status": {"parents": [{"conditions": [{"message": CANARY}], "parentRef": {"name": CANARY}}]},
    },
    "MutatingWebhookConfiguration": WEBHOOKS,
    "NetworkPolicy": {
        "spec": {
            "podSelector": SELECTOR,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": PEERS, "ports": [{"port": 8000, "protocol": "TCP", "x": CANARY}], "x": CANARY}],
            "egress": [{"to": PEERS}],
            "description": CANARY,
        }
    },
    "PodMonitor": MONITOR,
    "Service": {
        "spec": {
            "type": "LoadBalancer",
            "externalName": CANARY,
            "selector": {"app": "x"},
            "clusterIP": CANARY,
            "loadBalancerSourceRanges": [CANARY],
            "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
        },
        "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}, "conditions": [said("LoadBalancerPending")]},
    },
    "ServiceMonitor": MONITOR,
    "ValidatingWebhookConfiguration": WEBHOOKS,
}

PREDICTOR: Json = {
    **POD_SPEC,
    "minReplicas": 0,
    "scaleMetric": CANARY,
    "model": {**CONTAINER, "modelFormat": {"name": CANARY}, "storageUri": SIGNED, "storage": {"key": CANARY}},
    "storageUris": [{"uri": SIGNED}],
    "logger": {"url": LOGIN},
}
OPERATORS: dict[str, Json] = {
    "Cluster": {
        "spec": {
            "instances": 1,
            "superuserSecret": {"name": CANARY},
            "bootstrap": {
                "initdb": {"secret": {"name": CANARY}, "postInitSQL": [f"ALTER ROLE x PASSWORD '{CANARY}'"]},
                "recovery": {"recoveryTarget": {"targetName": CANARY}},
            },
            "externalClusters": [{"connectionParameters": {"password": CANARY}, "password": {"key": CANARY}}],
            "backup": {"barmanObjectStore": {"s3Credentials": {"secretAccessKey": {"key": CANARY}}}},
            "postgresql": {"parameters": {"x": CANARY}, "pg_hba": [CANARY]},
            "env": [{"name": "PGPASSWORD", "value": CANARY}],
        },
        "status": {
            "phase": "Setting up primary",
            "conditions": [said("Ready")],
            "secretsResourceVersion": {"key": CANARY},
            "certificates": {"serverTLSSecret": CANARY},
            "phaseReason": CANARY,
        },
    },
    "ClusterQueue": {
        "spec": {
            "queueingStrategy": "BestEffortFIFO",
            "cohort": CANARY,
            "namespaceSelector": {"matchLabels": {"x": CANARY}},
            "resourceGroups": [{"flavors": [{"name": CANARY}]}],
            "admissionChecks": [CANARY],
            "flavorFungibility": {"whenCanBorrow": "Borrow", "x": CANARY},
            "preemption": {"withinClusterQueue": "Never", "borrowWithinCohort": {"policy": "Never", "x": CANARY}},
        },
        "status": {"conditions": [said("Active")], "flavorsUsage": [{"name": CANARY}]},
    },
    "ExternalSecret": {
        "spec": {
            "secretStoreRef": {"name": "store", "kind": "ClusterSecretStore"},
            "target": {
                "name": "key",
                "template": {
                    "data": {"key": CANARY},
                    "metadata": {"annotations": {"x": CANARY}},
                    "templateFrom": [{"literal": CANARY, "configMap": {"name": CANARY}}],
                },
            },
            "data": [{"secretKey": "key", "remoteRef": {"key": CANARY, "property": CANARY}}],
            "dataFrom": [{"extract": {"key": CANARY}, "rewrite": [{"transform": {"template": CANARY}}]}],
        },
        "status": {"conditions": [said("Ready")], "binding": CANARY},
    },
    "HorizontalPodAutoscaler": {
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": "x", "y": CANARY},
            "maxReplicas": 2,
            "metrics": [{"external": {"metric": {"name": CANARY, "selector": {"matchLabels": {"x": CANARY}}}}}],
        },
        "status": {"conditions": [said("ScalingActive")], "currentMetrics": [{"external": {"metric": CANARY}}]},
    },
    "InferenceService": {
        "spec": {
            "predictor": PREDICTOR,
            "transformer": {"containers": [CONTAINER]},
            "explainer": {"alibi": {"config": {"x": CANARY}}},
        },
        "status": {"conditions": [said("PredictorReady")], "url": LOGIN, "modelStatus": {"message": CANARY}},
    },
    "ScaledObject": {
        "spec": {
            "scaleTargetRef": {"name": "x", "envSourceContainerName": CANARY},
            "maxReplicaCount": 1,
            "fallback": {"behavior": CANARY},
            "advanced": {"scalingModifiers": {"formula": CANARY}},
            "triggers": [
                {
                    "type": "prometheus",
                    "name": CANARY,
                    "metadata": {
                        "serverAddress": f"http://bot:{CANARY}@prometheus.monitoring.svc:9090?token={CANARY}",
                        "query": "sum(vllm:num_requests_waiting)",
                        "customHeaders": f"X-Key={CANARY}",
                        "queryParameters": f"key={CANARY}",
                        "authModes": CANARY,
                        "password": CANARY,
                        "bearerToken": CANARY,
                    },
                    "authenticationRef": {"name": CANARY},
                },
                {"type": "postgresql", "metadata": {"connection": f"postgresql://x:{CANARY}@db/x"}},
            ],
        },
        "status": {"conditions": [said("Ready")], "externalMetricNames": [CANARY], "health": {CANARY: {}}},
    },
}
OBJECTS: dict[str, Json] = {**ARGOCD, **WORKLOADS, **NETWORK, **OPERATORS}
UNKNOWN: dict[str, Json] = {
    "APIService": {"spec": {"group": "g", "caBundle": CANARY}, "status": {"conditions": [said("Available")]}},
    "AppProject": {"spec": {"sourceRepos": [LOGIN], "description": CANARY, "roles": [{"jwtTokens": [{"id": CANARY}]}]}},
    "ClusterSecretStore": {
        "spec": {"provider": {"vault": {"server": LOGIN, "caBundle": CANARY, "auth": {"tokenSecretRef": CANARY}}}},
        "status": {"conditions": [said("Ready")], "capabilities": CANARY},
    },
    "CronJob": {"spec": {"schedule": CANARY, "jobTemplate": {"spec": {"template": {"spec": POD_SPEC}}}}},
    "LLMInferenceService": {
        "spec": {"replicas": 0, "model": {"uri": SIGNED}, "template": POD_SPEC},
        "status": {"conditions": [said("Ready")], "url": LOGIN},
    },
    "Namespace": {"status": {"phase": "Terminating", "conditions": [said("NamespaceDeletionContentFailure", "True")]}},
    "PartialObjectMetadata": {"data": {"key": CANARY}},
    "SecretList": {"items": [{"data": {"key": CANARY}}], "data": CANARY},
    "TriggerAuthentication": {"spec": {"env": [{"parameter": CANARY}], "hashiCorpVault": {"credential": CANARY}}},
    "": {"data": {"key": CANARY}, "spec": CANARY, "status": [CANARY]},
}


def whole(kind: str, body: Json, **meta: Any) -> Json:
    """As the API gives it, with everything in its metadata that others write there."""
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {
            "name": "x",
            "namespace": "ns",
            "uid": "u",
            "creationTimestamp": ago(100),
            "annotations": {**FOREIGN, **meta.pop("annotations", {})},
            "managedFields": [*MANAGED, *meta.pop("managed", ())],
            "finalizers": [CANARY],
            "resourceVersion": CANARY,
            **meta,
        },
        **body,
    }
