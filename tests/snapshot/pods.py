"""Pods, their containers and what makes them, with a canary wherever a secret may stand."""

from aiops.snapshot import Json
from tests.judge.models import ago

CANARY = "c4n4ry-5f1e"
LOGIN = f"https://bot:{CANARY}@git.example.com/acme/platform.git"
SIGNED = f"https://storage.example.com/model?x=1&X-Amz-Signature={CANARY}"
"""URLs that say who asks: by a login, and by a token."""

HEADERS = [{"name": "Authorization", "value": f"Bearer {CANARY}"}]
CONTAINER: Json = {
    "name": "vllm",
    "image": "vllm/vllm-openai:v0.23.0",
    "command": ["sh", "-c", f"export KEY={CANARY}"],
    "args": [f"--api-key={CANARY}"],
    "env": [
        {"name": "HF_TOKEN", "value": CANARY},
        {"name": "K", "value": CANARY, "valueFrom": {"secretKeyRef": {"name": "k", "key": "k", "x": CANARY}}},
        {"name": "F", "valueFrom": {"fieldRef": {"fieldPath": CANARY}, "configMapKeyRef": {"name": CANARY}}},
    ],
    "envFrom": [{"prefix": CANARY, "secretRef": {"name": "all", "x": CANARY}}, {"configMapRef": {"name": "more"}}],
    "resources": {"limits": {"nvidia.com/gpu": "1", "memory": "12Gi"}},
    "ports": [{"name": "http", "containerPort": 8000}],
    "livenessProbe": {"periodSeconds": 10, "httpGet": {"path": f"/?key={CANARY}", "httpHeaders": HEADERS}},
    "readinessProbe": {"periodSeconds": 10, "grpc": {"service": CANARY}},
    "startupProbe": {"periodSeconds": 10, "failureThreshold": 60, "exec": {"command": [CANARY]}},
    "lifecycle": {"preStop": {"exec": {"command": [CANARY]}}, "postStart": {"httpGet": {"httpHeaders": HEADERS}}},
    "securityContext": {"seLinuxOptions": {"user": CANARY}},
    "terminationMessagePath": f"/{CANARY}",
    "workingDir": f"/{CANARY}",
    "volumeMounts": [{"name": "x", "mountPath": "/x", "subPath": CANARY, "subPathExpr": CANARY}],
    "volumeDevices": [{"name": CANARY}],
}
POD_SPEC: Json = {
    "containers": [CONTAINER],
    "initContainers": [{**CONTAINER, "name": "stage"}],
    "ephemeralContainers": [CONTAINER],
    "volumes": [
        {"name": "x", "secret": {"secretName": "k", "items": [{"key": "k", "path": CANARY}]}},
        {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
        {"name": "weights", "persistentVolumeClaim": {"claimName": "weights"}},
        {"name": "csi", "csi": {"volumeAttributes": {"token": CANARY}}},
        {"name": "git", "gitRepo": {"repository": LOGIN}},
        {"name": "host", "hostPath": {"path": CANARY}},
        {"name": "own", "ephemeral": {"volumeClaimTemplate": {"metadata": {"annotations": {"x": CANARY}}}}},
    ],
    "imagePullSecrets": [{"name": CANARY}],
    "serviceAccountName": CANARY,
    "nodeName": "gpu-0",
    "nodeSelector": {"cloud.google.com/gke-accelerator": "nvidia-l4"},
    "affinity": {"nodeAffinity": {"x": CANARY}},
    "tolerations": [{"key": "x", "value": CANARY}],
    "hostAliases": [{"hostnames": [CANARY]}],
    "dnsConfig": {"searches": [CANARY]},
    "securityContext": {"sysctls": [{"name": "x", "value": CANARY}]},
}
ENDED: Json = {
    "exitCode": 1,
    "reason": "Error",
    "startedAt": ago(20),
    "finishedAt": ago(10),
    "message": f"the end of a log: Authorization: Bearer {CANARY}",
    "containerID": "x",
}
CONTAINER_STATUS: Json = {
    "name": "vllm",
    "image": "vllm/vllm-openai:v0.23.0",
    "ready": False,
    "started": False,
    "restartCount": 3,
    "containerID": CANARY,
    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": f"back-off pulling {LOGIN}"}},
    "lastState": {"terminated": ENDED},
    "volumeMounts": [{"name": CANARY}],
}
WORKLOAD: Json = {
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "x"}},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
        "template": {
            "metadata": {"labels": {"app": "x"}, "annotations": {"vault": CANARY, "prometheus.io/scrape": "true"}},
            "spec": POD_SPEC,
        },
        "volumeClaimTemplates": [{"metadata": {"annotations": {"x": CANARY}}}],
        "serviceName": CANARY,
    },
    "status": {"replicas": 1, "conditions": [{"type": "Available", "status": "False", "message": f"see {LOGIN}"}]},
}
