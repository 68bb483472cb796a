"""Are the hosts that the platform answers to hosts of its own domain?"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from aiops.checks.check import Check, at, of, ok, owned_by, skip
from aiops.gitops.declared import Declared
from aiops.gitops.parsing import Body, items, texts, value
from aiops.judge.finding import Finding
from aiops.judge.stoppable import application_of
from aiops.judge.text import listed
from aiops.snapshot import ref_of
from aiops.snapshot.look import Look

_KINDS = ("Gateway", "HTTPRoute", "GRPCRoute", "TLSRoute", "Ingress")
_INSIDE = (".svc", ".local", ".localhost", ".internal")
"""How hosts end that nobody outside asks for."""
_TEMPLATE = "the tree still has the hosts of the platform that it was copied from, so nobody reaches this one"
_OTHER = "it answers to a host for which nobody here has a certificate or a record, unless it is meant so"
_EXPOSED = "the config names no domain, and its routes ask for certificates, records and a load balancer all the same"


def _lint(declared: Declared) -> Iterator[Finding]:
    if declared.config is None:
        yield skip("no config says which domain is the platform's")
        return
    domain = declared.config.domain
    deployed = (each for each in declared.of(*_KINDS) if each.application)
    exposed = [(each, hosts) for each in deployed if (hosts := tuple(_hosts(each.body)))]
    every = [host for _, hosts in exposed for _, host in hosts]
    outside = [host for host in every if not _within(host, domain)]
    for each, hosts in exposed:
        bad = [(path, host) for path, host in hosts if not _within(host, domain)]
        if bad:
            found = _finding(str(each), [host for _, host in bad], domain, none_within=len(outside) == len(every))
            yield replace(found, **of(each), **at(declared.place(each, *bad[0][0])))
    if not every:
        yield skip("no route and no Gateway of the tree names a host")
    elif not outside:
        yield ok(f"{len(every)} hosts are of {domain}")


def _judge(look: Look) -> Iterator[Finding]:
    domain = look.value("config").get("domain")
    if domain is None:
        yield skip("no config that this look has read says which domain is the platform's")
        return
    bodies = (*look.items("gateways"), *look.items("http-routes"))
    exposed = [(body, hosts) for body in bodies if (hosts := [host for _, host in _hosts(body)])]
    every = [host for _, hosts in exposed for host in hosts]
    outside = [host for host in every if not _within(host, domain)]
    for body, hosts in exposed:
        if bad := [host for host in hosts if not _within(host, domain)]:
            application = application_of(body)
            found = _finding(str(ref_of(body)), bad, domain, none_within=len(outside) == len(every))
            yield replace(found, owner=owned_by(application))
    if not every:
        yield skip("no route and no Gateway of the cluster names a host")
    elif not outside:
        yield ok(f"{len(every)} hosts are of {domain}")


def _finding(who: str, hosts: Iterable[str], domain: str, *, none_within: bool) -> Finding:
    """Where some hosts are of the domain, one that is not may be meant so."""
    names = listed(dict.fromkeys(hosts))
    if not domain:
        return Finding(
            status="fail",
            symptom=f"{who} is exposed as {names}, and the config names no domain",
            cause=_EXPOSED,
            about=who,
            fix="set domain in the config and in the tree, or switch off the features that expose it",
        )
    return Finding(
        status="fail" if none_within else "warn",
        symptom=f"{who} is exposed as {names}, outside of {domain}",
        cause=_TEMPLATE if none_within else _OTHER,
        about=who,
        fix=f"set its hosts to hosts of {domain}, or suppress {CHECK.slug} for it in the config",
    )


def _hosts(body: Body) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """(where it is written, host) of each host that the world asks for."""
    found: list[tuple[tuple[str | int, ...], object]] = [
        (("spec", "hostnames", index), host) for index, host in enumerate(texts(body, "spec", "hostnames"))
    ]
    for index, each in enumerate(items(body, "spec", "listeners")):
        found.append((("spec", "listeners", index, "hostname"), each.get("hostname")))
    if value(body, "kind") == "Ingress":
        for index, each in enumerate(items(body, "spec", "rules")):
            found.append((("spec", "rules", index, "host"), each.get("host")))
    for path, host in found:
        if isinstance(host, str) and "." in host and not host.endswith(_INSIDE):
            yield path, host


def _within(host: str, domain: str) -> bool:
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))


CHECK = Check(
    slug="hosts-in-domain",
    group="network",
    title="every host that is exposed is of the config's domain",
    reads=("config", "gateways", "http-routes"),
    needs=("cluster-reachable", "config-valid"),
    judge=_judge,
    lint=_lint,
)
