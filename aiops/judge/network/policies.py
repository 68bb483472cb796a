"""What NetworkPolicies let through, as Kubernetes defines it.

Sources: kubernetes.io/docs/concepts/services-networking/network-policies (what isolates a pod, what a rule admits,
that policies add up, that both ends must agree) and kubernetes pkg/apis/networking/v1/defaults.go (policyTypes, TCP).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from aiops.gitops.parsing import Body, items, part, texts, value
from aiops.judge.labels import Answer, Labels, all_of, any_of, selects
from aiops.judge.network.blocks import holds_pods
from aiops.judge.network.pods import Pod
from aiops.snapshot import Json

Direction = Literal["Ingress", "Egress"]
Port = int | str | None
"""Of the server's pods: its number, the name that a container gives it, or None: not known."""
NAME = "kubernetes.io/metadata.name"
"""The label that the API server gives every namespace."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """From one pod to another."""

    client: Pod
    server: Pod
    port: Port
    protocol: str = "TCP"

    @property
    def number(self) -> int | None:
        """Of the port; None where it is not known."""
        if isinstance(self.port, int):
            return self.port
        return None if self.port is None else (self.server.ports or {}).get(self.port)


@dataclass(frozen=True)
class Verdict:
    """What policies say of one end of a connection."""

    admitted: Answer
    policies: tuple[Json, ...] = ()
    """Those that isolate this end."""


class Policies:
    """All NetworkPolicies of a cluster or tree."""

    def __init__(self, policies: Iterable[Json], namespaces: Mapping[str, Labels], pods: Iterable[Pod] = ()) -> None:
        """`namespaces`: the labels of each; `pods`: those that are known, to which a selector may be meant for."""
        self._policies = tuple(policies)
        self._namespaces = namespaces
        self._pods = tuple(pod for pod in pods if pod.labels.besides != "any")

    def verdict(self, direction: Direction, connection: Connection) -> Verdict:
        """Whether the server's end (Ingress) or the client's (Egress) agrees to it."""
        pod = connection.server if direction == "Ingress" else connection.client
        selecting = [(each, answer) for each in self._policies if (answer := self._isolates(each, pod, direction))
                     is not False]  # fmt: skip
        sure = tuple(each for each, answer in selecting if answer)
        if not selecting:
            return Verdict(True)
        if pod.on_host or not sure:  # on a node's network: what a policy means there is not defined
            return Verdict(None)
        admits = any_of(self._admits(each, direction, connection) for each in sure)
        perhaps = any_of(self._admits(each, direction, connection) for each, answer in selecting if answer is None)
        return Verdict(None if admits is False and perhaps is not False else admits, sure)

    def _isolates(self, policy: Body, pod: Pod, direction: Direction) -> Answer:
        if value(policy, "metadata", "namespace") != pod.namespace or direction not in types(policy):
            return False
        return self._selects(part(policy, "spec", "podSelector"), pod)

    def _admits(self, policy: Body, direction: Direction, connection: Connection) -> Answer:
        rules, peers = ("ingress", "from") if direction == "Ingress" else ("egress", "to")
        other = connection.client if direction == "Ingress" else connection.server
        home = str(value(policy, "metadata", "namespace"))
        return any_of(
            all_of((self._is_peer(items(rule, peers), other, home), on_port(items(rule, "ports"), connection)))
            for rule in items(policy, "spec", rules)
        )

    def _is_peer(self, peers: Sequence[Body], pod: Pod, home: str) -> Answer:
        """An empty list is everybody."""
        return any_of(self._means(peer, pod, home) for peer in peers) if peers else True

    def _means(self, peer: Body, pod: Pod, home: str) -> Answer:
        if block := part(peer, "ipBlock"):
            return holds_pods(block)
        namespaces, pods = value(peer, "namespaceSelector"), value(peer, "podSelector")
        within = pod.namespace == home if namespaces is None else selects(namespaces, self._labels_of(pod.namespace))
        answer = all_of((within, True if pods is None else self._selects(pods, pod)))
        return None if pod.on_host and answer else answer

    def _selects(self, selector: Body, pod: Pod) -> Answer:
        """What selects pods that are known, in the namespace of one whose labels are not, is not meant for it."""
        answer = selects(selector, pod.labels)
        known = (each for each in self._pods if each.namespace == pod.namespace)
        return False if answer is None and any(selects(selector, each.labels) for each in known) else answer

    def _labels_of(self, namespace: str) -> Labels:
        found = self._namespaces.get(namespace, Labels({}, "any"))
        return Labels({**found.known, NAME: namespace}, found.besides)


def types(policy: Body) -> tuple[str, ...]:
    """The directions that a policy isolates: where none is named, Ingress, and Egress if it has rules for it."""
    return texts(policy, "spec", "policyTypes") or (
        ("Ingress", "Egress") if value(policy, "spec", "egress") else ("Ingress",)
    )


def on_port(ports: Sequence[Body], connection: Connection) -> Answer:
    """Whether one of a rule's ports is the connection's; no ports are all."""
    return any_of(_is_port(each, connection) for each in ports) if ports else True


def _is_port(port: Body, connection: Connection) -> Answer:
    wanted, last = port.get("port"), port.get("endPort")
    if (port.get("protocol") or "TCP") != connection.protocol:
        return False
    if wanted is None or (wanted == connection.port and last is None):
        return True
    number, named = connection.number, connection.server.ports
    if isinstance(wanted, str):  # a name is that of a port of the server's pods, in both directions
        if connection.port is None or named is None:
            return None
        return wanted in named and named[wanted] == number
    return None if number is None else wanted <= number <= (last or wanted)
