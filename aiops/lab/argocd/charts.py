"""What stands for a chart, whose content only helm could tell."""

from aiops.lab.api.kinds import Json


def stub(chart: str, version: str, release: str, namespace: str) -> Json:
    """One Deployment, named after the release."""
    labels = {"app.kubernetes.io/name": chart, "app.kubernetes.io/instance": release}
    container = {"name": chart, "image": f"registry.example.com/{chart}:{version}"}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": release, "namespace": namespace, "labels": labels},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }  # fmt: skip
