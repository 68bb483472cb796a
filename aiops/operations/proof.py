"""The proof of `root`: each ApplicationSet has read git anew and made exactly the file's group applications."""

from queue import SimpleQueue

from aiops.judge.applicationset import judge_applicationset
from aiops.operations.outcome import set_row
from aiops.operations.picture import Picture
from aiops.operations.refresh import Refresher
from aiops.operations.revision import Revision
from aiops.operations.since import Since
from aiops.operations.waiting import Inbox, Moment, until
from aiops.progress.events import Change, Looked, Row
from aiops.progress.results import Rooted
from aiops.session import Session


class Proof:
    """Waits for it; its methods run in the main thread."""

    def __init__(
        self,
        session: Session,
        profile: str,
        layers: tuple[str, ...],
        revision: Revision,
        changes: tuple[Change, ...],
    ) -> None:
        self.session, self.profile, self.changes, self.revision = session, profile, changes, revision
        self.sets = {
            each.name: str(each.manifest["metadata"]["name"]) for each in session.tree.layers_of(layers)
        }  # fmt: skip
        self.inbox: Inbox = SimpleQueue()
        self.picture = Picture(session.kube, session.namespace, self.inbox)
        self.refresher = Refresher(session.kube, session.namespace, self.picture)
        self.since_when = Since()

    def run(self, limit_s: float) -> Rooted:
        """The result, within `limit_s` seconds."""
        try:
            return until(self.inbox, self.picture.take, self._look, limit_s=limit_s)
        finally:
            self.picture.stop.set()

    def _look(self, moment: Moment) -> Rooted | None:
        sets = self.sets.items() if self.picture.complete else ()
        rows = tuple(self.since_when.stamp(self._row(layer, name)) for layer, name in sets)
        looked = Looked(
            what="the ApplicationSets to make their group applications",
            rows=rows, elapsed_s=moment.elapsed_s, limit_s=moment.limit_s, trouble=self.picture.trouble(),
        )  # fmt: skip
        self.session.report(looked)
        return self._end(looked, moment.over)

    def _row(self, layer: str, name: str) -> Row:
        if self.picture.connected:
            self.refresher.refresh_set(name, self.revision.commit)
        verdict = judge_applicationset(
            self.picture.applicationsets.get(name),
            self.revision.expected_groups(layer),
            self.picture.applications,
            self.refresher.asked_s(name, self.revision.commit),
        )
        return set_row(name, layer, verdict)

    def _end(self, looked: Looked, over: bool) -> Rooted | None:
        rows, again = looked.rows, f"aiops root --profile {self.profile}"
        if bad := [row for row in rows if row.state == "hopeless"]:
            summary = "; ".join(f"{row.name}: {row.detail}" for row in bad)
            return self._rooted(looked, summary, f"mend it, then run `{again}` again", 3)
        if rows and all(row.state == "settled" for row in rows):
            groups = sum(each.kind == "group" for each in self.revision.expected)
            read = f"{len(rows)} ApplicationSets read {self.revision.commit[:8]}"
            hint = f"`aiops wait --profile {self.profile}` waits until they stand"
            return self._rooted(looked, f"{read} and made {groups} group applications", hint, 0)
        if over:
            missing = "; ".join(f"{row.name} {row.detail}" for row in rows if row.state != "settled")
            what = looked.trouble or missing or "nothing could be seen"
            return self._rooted(looked, f"after {looked.elapsed_s:.0f} s: {what}", f"`{again}` looks again", 4)
        return None

    def _rooted(self, looked: Looked, summary: str, hint: str, exit_code: int) -> Rooted:
        return Rooted(
            summary=summary, hint=hint, exit_code=exit_code,
            profile=self.profile, changes=self.changes, rows=looked.rows, seconds=looked.elapsed_s,
        )  # fmt: skip
