"""May a pod's address lie in an ipBlock? Nobody asks for a pod's address: it changes with every pod."""

from ipaddress import IPv4Network, ip_network
from itertools import chain

from aiops.gitops.parsing import Body, texts, value
from aiops.judge.labels import Answer

_OF_PODS = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
"""Where clusters take the addresses of pods from (RFC 1918, RFC 6598)."""


def holds_pods(block: Body) -> Answer:
    """False where it is of addresses alone that no pod has; else None.

    Kubernetes' documentation wants cluster-external addresses in it, and plugins differ in whether one that holds the
    address of a pod selects it (kubernetes.io/docs/concepts/services-networking/network-policies; Cilium says no).
    """
    try:
        network = ip_network(str(value(block, "cidr")), strict=False)
        without = [ip_network(text, strict=False) for text in texts(block, "except")]
    except ValueError:
        return None
    if not isinstance(network, IPv4Network):
        return None if network.overlaps(ip_network("fc00::/7")) else False
    left = [each for each in _OF_PODS if each.overlaps(network)]
    for hole in (each for each in without if isinstance(each, IPv4Network)):
        left = list(chain.from_iterable(_minus(each, hole) for each in left))
    return None if left else False


def _minus(network: IPv4Network, hole: IPv4Network) -> list[IPv4Network]:
    if network.subnet_of(hole):
        return []
    return list(network.address_exclude(hole)) if hole.subnet_of(network) else [network]
