"""Which Service a URL means."""

import pytest

from aiops.judge.in_cluster import address_of


@pytest.mark.parametrize(
    ("url", "service"),
    [
        ("http://a.b.svc:9090", "b/a:9090"),
        ("https://a.b.svc.cluster.local/x", "b/a:443"),
        ("a.b:80", "b/a:80"),
        ("http://a.elsewhere", None),
        ("http://a", "own/a:80"),
        ("http://a.b.example.com", None),
        ("http://10.0.0.1:9090", None),
        ("http://[::1]:80", None),
        ("http://localhost:80", None),
        ("http://a.b.svc:http", None),
        ("http://[broken", None),
        ("", None),
    ],
)
def test_a_url(url: str, service: str | None) -> None:
    found = address_of(url, "own", {"b"})
    assert (f"{found.namespace}/{found.name}:{found.port}" if found else None) == service


def test_a_name_alone_tells_nothing_of_a_client_somewhere() -> None:
    assert address_of("http://a:9090", "", {"b"}) is None
