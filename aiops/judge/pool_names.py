"""Do the names and labels of InferencePools agree in a tree? Only where no chart may hold the answer."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aiops.gitops.declared import Declared
from aiops.gitops.unseen import by_hand, unseen
from aiops.gitops.workloads import KINDS, pods_made_by
from aiops.judge.pools import Pool, Use, uses_of
from aiops.judge.text import listed


@dataclass(frozen=True, kw_only=True)
class Lost:
    """Somebody names a pool that is not there."""

    use: Use
    words: str
    sure: bool
    """No chart may bring it."""
    known: tuple[str, ...]
    """The names that may be meant."""


def lost_of(declared: Declared, pools: Iterable[Pool]) -> Iterator[Lost]:
    """Who names a pool that is not there, as far as anybody can tell."""
    uses = tuple(uses_of(declared))
    known = {(each.namespace, each.name): each.application for each in pools if each.name}
    for use in uses:
        if (use.namespace, use.name) in known or by_hand(declared, "InferencePool", use.namespace, use.name):
            continue
        own = {name: app for (namespace, name), app in known.items() if namespace == use.namespace}
        hidden = set(unseen(declared, use.namespace)) - set(own.values())
        routes = {each.name for each in uses if each.namespace == use.namespace and each.is_route}
        if own or not hidden:
            words = f"no application brings an InferencePool {use.namespace}/{use.name}"
            yield Lost(use=use, words=words, sure=not hidden, known=tuple(own))
        elif not use.is_route and routes and use.name not in routes:
            words = f"the routes of its namespace send requests to {listed(sorted(routes))}"
            yield Lost(use=use, words=words, sure=False, known=tuple(routes))


def idle_of(declared: Declared, pools: Iterable[Pool]) -> Iterator[Pool]:
    """Pools whose labels no pod has that the tree makes; none where a chart may make them."""
    made = [
        (each.namespace if each.application else "", pods.labels)
        for each in declared.of(*KINDS)
        for pods in pods_made_by(each.body)
    ]
    for pool in pools:
        there = (labels for namespace, labels in made if namespace in (pool.namespace, ""))
        fits = any(pool.selector.items() <= labels.items() for labels in there)
        hidden = set(unseen(declared, pool.namespace)) - {pool.application}
        if pool.namespace and pool.selector and not fits and not hidden:
            yield pool
