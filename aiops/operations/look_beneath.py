"""The part of a look that rests on another part of it: what lies beneath applications, and who uses a model."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from aiops.clients.argocd import ArgoCD, check_server
from aiops.clients.endpoint import Endpoint
from aiops.clients.kube import DEPLOYMENTS, NODES, PODS, SERVICES, Kube
from aiops.collect import gather, read_details
from aiops.collect.cluster import DISCOVERED, ClusterReads, Read
from aiops.collect.once import Once
from aiops.config.model import ModelSettings, Timeouts
from aiops.errors import Invalid, NotFound
from aiops.judge.application import judge_application
from aiops.judge.delivery import missing_kinds
from aiops.judge.lineage import is_ready
from aiops.judge.model import model_of
from aiops.judge.phases.last_words import key_of, meaning_of
from aiops.judge.plan import details_data
from aiops.judge.pod import ending, restarts, statuses
from aiops.judge.requests import names_of, requests_of
from aiops.judge.stoppable import pods_of, running_models
from aiops.operations.look_git import GitReads
from aiops.session import Session
from aiops.snapshot import Json, ref_of

KNOWN = (DEPLOYMENTS, NODES, PODS, SERVICES)
"""Read already, of the whole cluster."""
NAMES = ("argocd-version", "brings", "details", "last-words", "usage")
LOG_LINES = 200
MOST_LOGS = 16
"""Of more containers that failed, the logs of the first are read."""


class BeneathReads:
    """The reads of one look; they share what `live` and `git` have read."""

    def __init__(self, session: Session, cluster: ClusterReads, live: Mapping[str, Read], git: GitReads) -> None:
        self._session, self._cluster, self._live, self._git = session, cluster, live, git
        self._kube: Kube = cluster.kube
        config = session.readable_config
        self._timeouts = config.aiops.timeouts if config else Timeouts()
        self._models: Mapping[str, ModelSettings] = config.aiops.models if config else {}
        self._argocd = self._server(config.aiops.argocd.server if config else None)

    @staticmethod
    def names() -> tuple[str, ...]:
        """Of all its reads."""
        return NAMES

    def named(self) -> Mapping[str, Read]:
        """Each read by its name."""
        reads: Mapping[str, Callable[[], object]] = {
            "argocd-version": self._argocd_version,
            "brings": self._brings,
            "details": self._details,
            "last-words": self._last_words,
            "usage": self._usage,
        }
        return {name: Once(read) for name, read in reads.items()}

    def _server(self, configured: str | None) -> ArgoCD | None:
        """Argo CD's own API, where one is named: its version is told without a login."""
        environ = self._session.environ
        server = environ.get("ARGOCD_SERVER") or configured
        if not server:
            return None
        token, opts = environ.get("ARGOCD_AUTH_TOKEN", ""), environ.get("ARGOCD_OPTS", "")
        return ArgoCD(check_server(server), token, opts, timeout_s=self._timeouts.request)

    def _argocd_version(self) -> str:
        return self._argocd.version() if self._argocd is not None else ""

    def _applications(self) -> dict[str, Json]:
        """Those of the plan that are there."""
        there = {body["metadata"]["name"]: body for body in self._live["applications"]()}
        return {each.name: there[each.name] for each in self._git.plan().expected if each.name in there}

    def _brings(self) -> list[Json]:
        """Which layer brings each kind that an application needs and the cluster does not know."""
        known = frozenset((group, kind) for group, kind in self._live["kinds"]())
        missing = dict.fromkeys(kind for app in self._applications().values() for kind in missing_kinds(app, known))
        delivery = self._git.revision().delivery
        return [
            {
                "group": kind[0],
                "kind": kind[1],
                "within": delivery.layer_within(kind),
                "beyond": delivery.layer_beyond(kind),
            }
            for kind in missing
        ]

    def _details(self) -> Json:
        """Of the applications that are not well; most often there is none, and nothing is read."""
        applications = self._applications()
        expected = {each.name: each for each in self._git.plan().expected}
        unwell = [app for name, app in applications.items() if judge_application(app, expected[name], None).unwell]
        if not unwell:
            return {"objects": [], "events": [], "unread": []}
        kinds = self._cluster.kinds()
        whole = {kind: self._live[name] for name, of in DISCOVERED.items() if (kind := kinds.find(*of)) is not None}
        details = read_details(self._kube, kinds, unwell, KNOWN, whole)
        keep = self._cluster.keep
        return details_data(details, map(keep, details.objects.values()), map(keep, details.events))

    def _last_words(self) -> dict[str, list[str]]:
        """By `namespace/pod/container` of those that failed, what the end of their log means: no line of it is kept."""
        failed = [
            (pod, container["name"])
            for pod in self._live["pods"]()
            for container in statuses(pod)
            if not container.get("ready") and (ending(container).get("exitCode") or restarts(container))
        ]
        reads = {key_of(pod, name): partial(self._meanings, pod, name) for pod, name in failed[:MOST_LOGS]}
        answers, failures = gather(reads)
        for error in failures.values():
            if not isinstance(error, Invalid | NotFound):  # it has no log any more
                raise error
        return answers

    def _meanings(self, pod: Json, container: str) -> list[str]:
        """Ids of judge.phases.last_words: for a container that may go to the hub, and for one that may not."""
        again = any(each["name"] == container and restarts(each) for each in statuses(pod))
        where = pod["metadata"]["namespace"], pod["metadata"]["name"], container
        lines = self._kube.log(*where, lines=LOG_LINES, previous=again).splitlines()
        found = (meaning_of(lines, offline=offline) for offline in (False, True))
        return list(dict.fromkeys(each[0].id for each in found if each is not None))

    def _usage(self) -> dict[str, Json]:
        """What the servers of running GPU models have counted, by Deployment."""
        deployments, pods = self._live["deployments"](), self._live["pods"]()
        running = {str(each) for each in running_models(deployments, pods)}
        reads = {name: partial(self._requests, body, pod) for name, body, pod in _serving(deployments, pods, running)}
        answers, failures = gather(reads)
        return {**answers, **{name: {"problem": error.message} for name, error in failures.items()}}

    def _requests(self, deployment: Json, pod: Json) -> Json:
        given = self._models.get(deployment["metadata"]["name"], ModelSettings())
        port = model_of(deployment, port=given.port).port
        endpoint = Endpoint(self._kube, pod["metadata"]["namespace"], pod["metadata"]["name"], port)
        reply = endpoint.ask("GET", "/metrics", key=None, timeout_s=self._timeouts.request)
        if reply.status != 200:
            return {"problem": f"its /metrics answers {reply.status}"}
        text = reply.body.decode(errors="replace")
        return {**requests_of(text), "names": names_of(text)}


def _serving(deployments: list[Json], pods: list[Json], running: set[str]) -> Iterator[tuple[str, Json, Json]]:
    """(name, Deployment, a ready pod of it) of each running model that has one."""
    for body in deployments:
        name = str(ref_of(body))
        ready = [pod for pod in pods_of(body, pods) if is_ready(pod)] if name in running else []
        if ready:
            yield name, body, ready[0]
