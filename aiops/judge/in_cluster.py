"""Which Service of the cluster a URL means."""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Address:
    """A Service, and which of its ports."""

    namespace: str
    name: str
    port: int
    """That of the scheme where none is written."""

    def __str__(self) -> str:
        return f"Service {self.namespace}/{self.name}"


def address_of(url: str, own_namespace: str, namespaces: Collection[str]) -> Address | None:
    """What a client in `own_namespace` reaches by it, as `x`, `x.namespace` or `x.namespace.svc`; None: it is outside.

    Where the client's namespace is not known (empty), `x` alone tells nothing. `namespaces` are those that are there:
    `x.y` may be a domain too.
    """
    host, port = host_of(url), _port_of(url)
    labels = host.split(".")
    if not host or port is None or _is_ip(host) or host == "localhost":
        return None
    if len(labels) == 1:
        return Address(own_namespace, host, port) if own_namespace else None
    inside = labels[2:3] == ["svc"] or (len(labels) == 2 and labels[1] in namespaces)
    return Address(labels[1], labels[0], port) if inside else None


def host_of(url: str) -> str:
    """Its host; empty where it has none. The scheme may be left out."""
    try:
        return urlsplit(_whole(url)).hostname or ""
    except ValueError:
        return ""


def _port_of(url: str) -> int | None:
    """Its port, or its scheme's; None where it is no number."""
    try:
        parts = urlsplit(_whole(url))
        return parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None


def _whole(url: str) -> str:
    return url if "://" in url else f"//{url}"


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
