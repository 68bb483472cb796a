"""From an empty cluster to a platform that stands."""

import re

from tests.scenarios.cluster import get
from tests.scenarios.conftest import Operator

DEFERRED = r"deferred .*{app}.*needs HTTPRoute \(gateway.networking.k8s.io\), which layer routing brings"


def stands(run: Operator, app: str = "dex") -> None:
    """Bring the platform up, widen it to serving with one application deferred, then to full with none."""
    for words, code in (
        (("bring-up", "--profile", "platform"), 0),
        (("root", "--profile", "serving"), 0),
        (("wait", "--profile", "serving"), 0),
    ):
        outcome = run(*words)
        assert outcome.code == code, outcome
    assert re.search(DEFERRED.format(app=app), outcome.text), outcome
    assert run("root", "--profile", "full").code == 0
    outcome = run("wait", "--profile", "full", "-o", "json")
    rows = {row["name"]: row for row in outcome.document["result"]["rows"]}
    assert outcome.code == 0, outcome
    assert rows[app]["state"] == "settled", outcome
    assert {row["state"] for row in rows.values()} == {"settled", "manual"}, outcome


def test_platform_then_serving_then_full(run: Operator) -> None:
    stands(run)
    again = run("bring-up", "--profile", "full", "--no-gpu")
    assert again.code == 0, again
    assert len(re.findall(r"root +\S+ +skipped: applied already", again.text)) == 4, again


def test_names_are_nobodys_business(run: Operator) -> None:
    """Environment, applications, an ApplicationSet, the model's Deployment and Secret: all have other names."""
    repository = run.repository
    repository.write("environments/blue/config.yaml", repository.read("config.yaml").replace("name: lab", "name: x"))
    (repository.work / "config.yaml").unlink()
    (repository.work / "clusters/lab").rename(repository.work / "clusters/blue")
    repository.replace("clusters/lab", "clusters/blue")
    for old, new in (("dex", "login"), ("litellm", "relay"), ("keda", "scaler"), ("vllm-qwen", "big-model"),
                     ("vllm-api-key", "model-token"), ("layer-serving", "models")):  # fmt: skip
        repository.replace(old, new)
    repository.push("Other names")
    stands(run, "login")


def test_crds_by_hand(run: Operator) -> None:
    """Charts hide their CRDs: then resources of the API group tell which layer brings a kind."""
    crds = run.repository.read("routing/gateway-api/crds.yaml")
    for name in ("routing/gateway-api/crds.yaml", "clusters/lab/catalog/routing-core/gateway-api.yaml"):
        (run.repository.work / name).unlink()
    run.repository.push("The CRDs come by hand")
    run.cluster.kubectl("create", "namespace", "gateway-api")
    for words in (("bring-up", "--profile", "platform"), ("root", "--profile", "serving")):
        assert run(*words).code == 0
    outcome = run("wait", "--profile", "serving")
    assert outcome.code == 0, outcome
    assert re.search(DEFERRED.format(app="dex"), outcome.text), outcome
    run.cluster.kubectl("apply", "--server-side", "-f", "-", text=crds)
    for words in (("root", "--profile", "full"), ("wait", "--profile", "full")):
        outcome = run(*words)
        assert outcome.code == 0, outcome
    assert get(run.cluster, "application", "dex")["status"]["health"]["status"] == "Healthy"
    assert "deferred" not in outcome.text, outcome


def test_a_dry_run_and_a_narrower_profile_change_nothing(run: Operator) -> None:
    outcome = run("root", "--profile", "serving", "--dry-run")
    assert outcome.code == 0, outcome
    assert "create" in outcome.text, outcome
    assert run.cluster.kubectl("-n", "argocd", "get", "applicationsets,applications", "-o", "name") == ""
    assert run("root", "--profile", "serving").code == 0
    outcome = run("root", "--profile", "platform")
    assert outcome.code == 0, outcome
    assert "live beyond this profile, and left as they are: serving (layer-serving)" in outcome.text, outcome
    assert "layer-serving" in run.cluster.kubectl("-n", "argocd", "get", "applicationsets", "-o", "name")
