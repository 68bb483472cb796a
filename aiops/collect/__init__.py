"""Takes the look: parallel reads of the cluster, each failure kept as something that could not be read."""

import threading
import time
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar

from aiops.clients.kube import EVENTS, PODS, Kind, Kinds, Kube
from aiops.errors import AiopsError, NotFound, Unreachable
from aiops.snapshot import Details, Json, Unread, ref_of

NO_HEALTH = frozenset(
    {
        "ConfigMap", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "Namespace",
        "CustomResourceDefinition", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration",
        "NetworkPolicy", "StorageClass", "PriorityClass", "Application", "AppProject",
        "Secret",  # not for its health alone: nobody here reads Secrets
    }
)  # fmt: skip
"""Kinds that have no state of their own, or whose state is judged elsewhere."""
NOTHING: Mapping[Kind, Callable[[], list[Json]]] = MappingProxyType({})
TICK_S = 0.5
AT_ONCE = 8
"""How many reads are under way at the same time."""

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


def gather(
    reads: Mapping[Key, Callable[[], Value]],
    *,
    at_once: int = AT_ONCE,
    limit_s: float | None = None,
    began: float | None = None,
    waiting: Callable[[Collection[Key]], None] | None = None,
) -> tuple[dict[Key, Value], dict[Key, AiopsError]]:
    """Run all reads, `at_once` side by side: (answers, failures).

    In daemon threads of its own, so that Ctrl-C does not wait for a slow answer (a ThreadPoolExecutor's threads
    are joined at exit). Each read brings its own time limit; all of them together end `limit_s` seconds after
    `began` (by time.monotonic; now where it is not given), and what has not answered by then is Unreachable. `waiting`
    hears every half second which are still out. An exception that is no AiopsError is a bug and is raised here.
    """
    answers: dict[Key, Value] = {}
    failures: dict[Key, AiopsError] = {}
    bugs: list[BaseException] = []
    places = threading.Semaphore(at_once)
    deadline = None if limit_s is None else (time.monotonic() if began is None else began) + limit_s

    def run(key: Key, read: Callable[[], Value]) -> None:
        with places:
            try:
                answers[key] = read()
            except AiopsError as error:
                failures[key] = error
            except BaseException as error:  # noqa: BLE001 - handed over to the thread that asked
                bugs.append(error)

    threads = [threading.Thread(target=run, args=each, daemon=True) for each in reads.items()]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads) and (deadline is None or time.monotonic() < deadline):
        _join(threads, TICK_S if deadline is None else min(TICK_S, deadline - time.monotonic()))
        if waiting is not None and (out := reads.keys() - answers.keys() - failures.keys()):
            waiting(out)
    if bugs:
        raise bugs[0]
    answers, failures = dict(answers), dict(failures)  # a late thread writes into what nobody reads any more
    for key in reads.keys() - answers.keys() - failures.keys():
        failures[key] = Unreachable(f"{key}: no answer in {limit_s:g} s", "try again; is the API server overloaded?")
    return answers, failures


def _join(threads: Iterable[threading.Thread], seconds: float) -> None:
    """Wait for all of them, at most so long."""
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))


def read_details(
    kube: Kube,
    kinds: Kinds,
    applications: Iterable[Json],
    known: Collection[Kind] = (),
    whole: Mapping[Kind, Callable[[], list[Json]]] = NOTHING,
) -> Details:
    """Everything that can say why these applications are not healthy: one list for each kind and namespace.

    `known`: kinds whose objects are at hand already, and are left out; `whole`: reads that give all objects of a
    kind, and are asked instead of the API.
    """
    lists: dict[tuple[Kind, str | None], Callable[[], list[Json]]] = {}

    def want(kind: Kind, namespace: str | None) -> None:
        if kind in whole:
            lists[kind, None] = whole[kind]
        elif kind not in known:
            lists.setdefault((kind, namespace), lambda: list(kube.list(kind, namespace).items))

    for application in applications:
        for each in application.get("status", {}).get("resources") or ():
            kind = kinds.find(each.get("group", ""), each["kind"])
            if kind is None or kind.kind in NO_HEALTH:
                continue
            namespace = each.get("namespace") if kind.namespaced else None
            want(kind, namespace)
            if kind.group == "apps":
                want(PODS, namespace)
                want(EVENTS, namespace)
    answers, failures = gather(lists)
    bodies = [body for (kind, _), items in answers.items() if kind is not EVENTS for body in items]
    return Details(
        objects={ref_of(body): body for body in bodies},
        events=tuple(body for (kind, _), items in answers.items() if kind is EVENTS for body in items),
        unread=tuple(
            Unread(f"{kind.plural} in {namespace or 'the cluster'}", error.message)
            for (kind, namespace), error in failures.items()
            if not isinstance(error, NotFound)  # a CRD that went away holds nothing
        ),
    )
