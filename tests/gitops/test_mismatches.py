from typing import Any

import pytest

from aiops.config.model import Cluster
from aiops.gitops.mismatches import mismatches
from tests.gitops.configs import config
from tests.gitops.trees import commit

DCGM = "platform/dcgm-metrics/kustomization.yaml"
DATABASE = "platform/litellm/db/kustomization.yaml"
STORE = "platform/external-secrets/config/clustersecretstore.yaml"
PROFILE = "clusters/lab/litellm-profile.generated.yaml"
GUARDRAILS = "clusters/lab/litellm-guardrails.generated.yaml"


def store(provider: str) -> str:
    kind = "apiVersion: external-secrets.io/v1\nkind: ClusterSecretStore\nmetadata: {name: s}\n"
    return f"# generated\n{kind}spec: {{provider: {provider}}}\n"


CASES: list[tuple[str, str, dict[str, Any], str | None]] = [
    (DCGM, "resources: [podmonitor.generated.yaml]", {"gpu_stack": "gke-managed"}, None),
    (DCGM, "resources: []", {"gpu_stack": "none"}, None),
    (DCGM, "resources: []", {"gpu_stack": "gke-managed"}, "gpu_stack: gke-managed"),
    (DCGM, "resources: [podmonitor.generated.yaml]", {"gpu_stack": "operator"}, "gpu_stack: operator"),
    (PROFILE, "replicaCount: 1", {"profile": "cost"}, None),
    (PROFILE, "replicaCount: 3", {"profile": "prod"}, None),
    (PROFILE, "replicaCount: 1", {"profile": "prod"}, "profile: prod"),
    (PROFILE, "replicaCount: 2", {"profile": "dev"}, "profile: dev"),
    (PROFILE, "# nothing", {"profile": "prod"}, "profile: prod"),
    (DATABASE, "resources: [a.yaml]", {"profile": "cost"}, None),
    (DATABASE, "resources: [a.yaml]", {"profile": "prod"}, "profile: prod"),
    (DATABASE, "resources: [scheduledbackup.generated.yaml]", {"profile": "dev"}, "profile: dev"),
    (GUARDRAILS, "# off\n{}", {}, None),
    (GUARDRAILS, "proxy_config: {}", {"features": {"guardrails": True}}, None),
    (GUARDRAILS, "{}", {"features": {"guardrails": True}}, "features.guardrails: true"),
    (GUARDRAILS, "proxy_config: {}", {}, "features.guardrails: false"),
    (STORE, store("{gcpsm: {projectID: p}}"), {}, None),
    (STORE, store("{gcpsm: {projectID: q}}"), {}, "cluster.projectID"),
    (STORE, store("{vault: {}}"), {}, "secret_backend: gcpsm"),
    (STORE, store("{vault: {}}"), {"secret_backend": "vault"}, None),
    (STORE, store("{gcpsm: {projectID: p}}"), {"secret_backend": "vault"}, "secret_backend: vault"),
    (STORE, store("{gcpsm: {projectID: p}}"), {"secret_store_auth": "sa-key"}, "secret_store_auth: sa-key"),
    (
        STORE,
        store("{gcpsm: {projectID: p, auth: {secretRef: {a: b}}}}"),
        {},
        "secret_store_auth: workload-identity",
    ),
    (
        STORE,
        store("{gcpsm: {projectID: p, auth: {secretRef: {a: b}}}}"),
        {"secret_store_auth": "sa-key"},
        None,
    ),
]


@pytest.mark.parametrize(("file", "text", "fields", "key"), CASES)
def test_a_file_is_judged_by_its_content(file: str, text: str, fields: dict[str, Any], key: str | None) -> None:
    written = config(cluster=Cluster("lab", "p"), **fields)
    found = mismatches(written, commit({file: text}, {}))
    assert [(one.key, one.file) for one in found] == ([(key, file)] if key else [])


def test_a_mismatch_says_what_how_and_where() -> None:
    (found,) = mismatches(config(profile="prod"), commit({PROFILE: "replicaCount: 1"}, {}))
    assert (found.expected, found.found) == ("replicaCount: 2 or more", "replicaCount: 1")
    assert PROFILE in found.how


def test_a_tree_without_generated_files_matches_any_config() -> None:
    assert mismatches(config(profile="prod", features={"guardrails": True}), commit({}, {})) == ()
