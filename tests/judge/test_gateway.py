"""LiteLLM as its objects show it: its image, its port, and the places of its master key."""

from typing import Any

import pytest

from aiops.judge.gateway import gateway_port, is_gateway, master_keys
from aiops.judge.model import SecretKey
from aiops.snapshot import Json

LABELS = {"app": "litellm"}


def litellm(image: str = "ghcr.io/berriai/litellm:v1", **changes: Any) -> Json:
    """Its container."""
    return {"name": "litellm", "image": image, **changes}


SIDECAR: Json = {
    "name": "proxy",
    "image": "r.io/cloud-sql-proxy:2",
    "ports": [{"name": "http", "containerPort": 9090}],
    "env": [{"name": "LITELLM_MASTER_KEY", "valueFrom": {"secretKeyRef": {"name": "sidecar", "key": "k"}}}],
}


def deployment(*containers: Json, labels: Json | None = LABELS) -> Json:
    template = {"metadata": {"labels": labels}, "spec": {"containers": list(containers or [litellm()])}}
    return {"metadata": {"name": "litellm", "namespace": "litellm"}, "spec": {"template": template}}


@pytest.mark.parametrize(
    "image",
    [
        "litellm",
        "litellm/litellm",
        "litellm/litellm:main-v1.83.3-stable",
        "ghcr.io/berriai/litellm:main-latest",
        "ghcr.io/berriai/litellm-database:main-v1",
        "ghcr.io/berriai/litellm-non_root:main-v1",
        "docker.io/litellm/litellm-ee",
        "docker.litellm.ai/berriai/litellm-stable:v1",
        "registry.local:5000/litellm:v1",
        "registry.local:5000/mirror/litellm-database@sha256:753ff09e",
        "ghcr.io/berriai/litellm:v1@sha256:753ff09e",
    ],
)
def test_an_image_of_litellm(image: str) -> None:
    assert is_gateway(deployment(litellm(image)))


@pytest.mark.parametrize(
    "image",
    [
        "ghcr.io/acme/litellm-key-portal:v1",
        "ghcr.io/acme/litellm-key-portal",
        "ghcr.io/acme/litellm-databases:v1",
        "ghcr.io/acme/my-litellm:v1",
        "ghcr.io/litellm/key-portal:v1",
        "litellm:5000/key-portal:v1",
        "litellm/key-portal@sha256:753ff09e",
        "ghcr.io/acme/portal:litellm",
        "ghcr.io/acme/LiteLLM:v1",
        "",
    ],
)
def test_an_image_of_something_around_it(image: str) -> None:
    assert not is_gateway(deployment(litellm(image)))


def test_one_of_its_containers_is_enough() -> None:
    assert is_gateway(deployment(SIDECAR, litellm()))
    assert not is_gateway(deployment(SIDECAR, {"name": "no-image"}))
    assert not is_gateway({"metadata": {"name": "x"}, "spec": {}})


def ports(*each: tuple[str, int]) -> list[Json]:
    return [{"containerPort": number, **({"name": name} if name else {})} for name, number in each]


def service(selector: Json | None = LABELS, *given: Json) -> Json:
    return {"metadata": {"name": "s", "namespace": "litellm"}, "spec": {"selector": selector, "ports": list(given)}}


NEAR = service(LABELS, {"port": 80, "targetPort": 4001})


@pytest.mark.parametrize(
    ("containers", "port"),
    [
        ([litellm(ports=ports(("", 4000)))], 4000),
        ([litellm(ports=ports(("metrics", 9000), ("http", 4000)))], 4000),
        ([litellm(ports=ports(("api", 4000), ("metrics", 9000)))], 4000),
        ([SIDECAR, litellm(ports=ports(("api", 4000)))], 4000),
        ([litellm(), SIDECAR], 9090),
        ([litellm("r.io/own:1", ports=ports(("", 4000)))], 4000),
    ],
    ids=["its only one", "http first", "else the first", "LiteLLM's before a sidecar's", "a sidecar's, else",
         "of an image of one's own"],
)  # fmt: skip
def test_the_port_of_its_container(containers: list[Json], port: int) -> None:
    assert gateway_port(deployment(*containers), [NEAR]) == port


@pytest.mark.parametrize(
    ("services", "port"),
    [
        ([NEAR], 4001),
        ([service(LABELS, {"port": 80, "targetPort": "4002"})], 4002),
        ([service(LABELS, {"port": 4003, "targetPort": "http"})], 4003),
        ([service(LABELS, {"port": 4004})], 4004),
        ([service(LABELS, {"port": 4005}, {"port": 9000})], 4005),
        ([service({"app": "other"}, {"port": 1}), service({}, {"port": 2}), service(None, {"port": 3}), NEAR], 4001),
        ([service({**LABELS, "tier": "x"}, {"port": 1})], None),
        ([service(LABELS)], None),
        ([{"metadata": {"name": "s"}}], None),
        ([], None),
    ],
    ids=["its target", "a number as text", "a named target", "no target", "the first of two", "of others and of nobody",
         "which wants a label more", "without ports", "without a spec", "none"],
)  # fmt: skip
def test_else_the_port_that_a_service_sends_to(services: list[Json], port: int | None) -> None:
    assert gateway_port(deployment(litellm(ports=[])), iter(services)) == port


def test_without_labels_no_service_is_its_own() -> None:
    assert gateway_port(deployment(litellm(), labels=None), [NEAR]) is None


def variable(name: str, secret: str, key: str = "k") -> Json:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def external(name: str = "made", target: Json | None = None, *keys: str) -> Json:
    """An ExternalSecret that writes these keys."""
    return {
        "metadata": {"name": name, "namespace": "litellm"},
        "spec": {"target": target, "data": [{"secretKey": key} for key in keys]},
    }


@pytest.mark.parametrize(
    ("container", "places"),
    [
        (litellm(env=[variable("LITELLM_MASTER_KEY", "s", "master")]), [("s", "master")]),
        (litellm(env=[variable("PROXY_MASTER_KEY", "s", "master")]), [("s", "master")]),
        (litellm(env=[variable("LITELLM_SALT_KEY", "s"), variable("MASTER_KEY", "s")]), []),
        (litellm(env=[{"name": "PROXY_MASTER_KEY", "value": "in the open"}, {"name": "LITELLM_MASTER_KEY"}]), []),
        (
            litellm(envFrom=[{"configMapRef": {"name": "c"}}, {"secretRef": {"name": "s"}}]),
            [("s", "LITELLM_MASTER_KEY"), ("s", "PROXY_MASTER_KEY")],
        ),
        (litellm(env=None, envFrom=None), []),
    ],
    ids=["LiteLLM's variable", "its chart's", "other variables", "no Secret", "a whole Secret", "nothing"],
)
def test_the_master_key_of_its_environment(container: Json, places: list[tuple[str, str]]) -> None:
    assert [*master_keys(deployment(container), [])] == [SecretKey(*place) for place in places]


@pytest.mark.parametrize(
    ("body", "places"),
    [
        (external("made", None, "salt", "PROXY_MASTER_KEY"), [("made", "PROXY_MASTER_KEY")]),
        (external("made", {"name": "named"}, "LITELLM_MASTER_KEY"), [("named", "LITELLM_MASTER_KEY")]),
        (external("made", {"template": {"data": {"PROXY_MASTER_KEY": "x"}}}, "master"), [("made", "PROXY_MASTER_KEY")]),
        (
            external("made", {"template": {"data": {"PROXY_MASTER_KEY": "x"}}}, "LITELLM_MASTER_KEY"),
            [("made", "LITELLM_MASTER_KEY"), ("made", "PROXY_MASTER_KEY")],
        ),
        (external("made", {"template": {"data": None}}, "PROXY_MASTER_KEY_OLD", "master"), []),
        ({"metadata": {"name": "made"}}, []),
    ],
    ids=["written as it is", "in a Secret of another name", "by a template", "both", "other names", "no spec"],
)
def test_the_master_key_that_an_externalsecret_writes(body: Json, places: list[tuple[str, str]]) -> None:
    assert [*master_keys(deployment(), iter([body]))] == [SecretKey(*place) for place in places]


def test_the_likeliest_place_first() -> None:
    """What the server itself is given before what only has the name; its own container before what runs beside it."""
    own = litellm(env=[variable("PROXY_MASTER_KEY", "env")], envFrom=[{"secretRef": {"name": "whole"}}])
    makers = [external("first", None, "LITELLM_MASTER_KEY"), external("second", None, "PROXY_MASTER_KEY")]
    assert [each.secret for each in master_keys(deployment(SIDECAR, own), makers)] == [
        "env", "whole", "whole", "sidecar", "first", "second",
    ]  # fmt: skip
