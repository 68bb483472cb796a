"""Which of the connections that the platform needs no NetworkPolicy lets through, and the rule that would."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from aiops.gitops.parsing import Body, items, value
from aiops.judge.labels import Answer
from aiops.judge.network.policies import NAME, Connection, Direction, Policies
from aiops.judge.network.scene import Party, Path
from aiops.judge.text import listed
from aiops.snapshot import Json

_ENDS: tuple[Direction, ...] = ("Ingress", "Egress")
_WORDS: Mapping[Direction, tuple[str, str]] = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}
"""Of a policy's spec: its rules, and the peers of a rule."""


def _few(names: Collection[str]) -> str:
    """Two, or the first of more: the evidence has them all."""
    return listed(names, 2 if len(names) <= 2 else 1)


@dataclass(frozen=True, kw_only=True)
class Blocked:
    """Connections of the same pods that the same policies keep back at the same end."""

    direction: Direction
    policies: tuple[Json, ...]
    """Those that isolate that end; none of them admits it."""
    paths: tuple[Path, ...]

    @property
    def policy(self) -> Json:
        """The policy to add a rule to: the one that admits the most already."""
        rules, peers = _WORDS[self.direction]
        return max(self.policies, key=lambda each: sum(len(items(rule, peers)) for rule in items(each, "spec", rules)))

    @property
    def symptom(self) -> str:
        """Who is kept from whom, and by what."""
        names = sorted(f"{namespace_of(each)}/{name_of(each)}" for each in self.policies)
        by = f"NetworkPolicies {_few(names)} keep" if len(names) > 1 else f"NetworkPolicy {names[0]} keeps"
        clients = dict.fromkeys(each.client.name for each in self.paths)
        servers = dict.fromkeys(f"{each.server.name}{_port(each)}" for each in self.paths)
        return f"{by} {_few(clients)} from {_few(servers)}"

    @property
    def cause(self) -> str:
        """Why: which end is isolated, and what no rule admits."""
        client, server = self.paths[0].client, self.paths[0].server
        if self.direction == "Egress":
            return f"the pods that ask are isolated for egress, and no rule leads to {_pods(server)}"
        where = f"; {client.where}" if client.where else ""
        return f"the pods that answer are isolated, and no rule admits {_pods(client)}{where}"

    @property
    def fix(self) -> str:
        """The rule to add."""
        rules, peers = _WORDS[self.direction]
        other = self.paths[0].client if self.direction == "Ingress" else self.paths[0].server
        known = dict.fromkeys(each.port for each in self.paths)
        ports = "" if None in known else f", ports: [{', '.join(f'{{port: {port}}}' for port in known)}]"
        named = f"NetworkPolicy {namespace_of(self.policy)}/{name_of(self.policy)}"
        return f"add to spec.{rules} of {named}: `- {{{peers}: [{{{self._peer(other)}}}]{ports}}}`"

    def _peer(self, other: Party) -> str:
        pods = f"podSelector: {{matchLabels: {{{other.label[0]}: {_yaml(other.label[1])}}}}}" if other.label else ""
        away = other.namespace != namespace_of(self.policy)
        space = f"namespaceSelector: {{matchLabels: {{{NAME}: {other.namespace}}}}}" if away or not pods else ""
        return ", ".join(filter(None, (space, pods)))


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What became of all of them."""

    blocked: tuple[Blocked, ...]
    admitted: int
    untold: int
    """Those of which nobody can tell from what is known."""


def judged(paths: Iterable[Path], policies: Policies) -> Judged:
    """Each of the connections by the policies of both ends."""
    found: dict[object, Blocked] = {}
    counts: dict[Answer, int] = {True: 0, None: 0, False: 0}
    for path in paths:
        ends = {direction: _worst(path, policies, direction) for direction in _ENDS}
        answers = [answer for answer, _ in ends.values()]
        counts[False if False in answers else None if None in answers else True] += 1
        for direction, (answer, isolating) in ends.items():
            if answer is False:
                names = tuple(name_of(each) for each in isolating)
                peer = path.client if direction == "Ingress" else path.server
                key = direction, names, namespace_of(isolating[0]), peer.namespace, peer.label
                before = found.get(key, Blocked(direction=direction, policies=isolating, paths=()))
                found[key] = replace(before, paths=(*before.paths, path))
    return Judged(blocked=tuple(found.values()), admitted=counts[True], untold=counts[None])


def name_of(body: Body) -> str:
    """metadata.name."""
    return str(value(body, "metadata", "name"))


def namespace_of(body: Body) -> str:
    """metadata.namespace."""
    return str(value(body, "metadata", "namespace"))


def _worst(path: Path, policies: Policies, direction: Direction) -> tuple[Answer, tuple[Json, ...]]:
    """Of all pairs of pods: one that is kept back is enough."""
    verdicts = [policies.verdict(direction, each) for each in _connections(path)]
    for worst in (False, None):
        for verdict in verdicts:
            if verdict.admitted is worst:
                return worst, verdict.policies
    return True, ()


def _connections(path: Path) -> Iterator[Connection]:
    """All but those of a pod to itself, which no policy can keep back."""
    for client in path.client.pods:
        for server in (each for each in path.server.pods if each.key != client.key):
            yield Connection(client=client, server=server, port=path.port)


def _pods(party: Party) -> str:
    labelled = f" labelled {party.label[0]}={party.label[1]}" if party.label else ""
    return f"pods of namespace {party.namespace}{labelled}"


def _yaml(text: str) -> str:
    """A text that YAML takes for one."""
    plain = text[:1].isalpha() and text.lower() not in ("true", "false", "yes", "no", "on", "off", "null", "y", "n")
    return text if plain else f"'{text}'"


def _port(path: Path) -> str:
    return "" if path.port is None else f" on port {path.port}"
