"""Events, counted as client-go's recorder counts them."""

from contextlib import suppress
from weakref import WeakKeyDictionary

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Objects, Writer
from aiops.lab.api.refusals import Refusal

MOST = 10
"""Events that differ in their words alone, of one object; what comes after them is one event (EventAggregator)."""
_NAMES: WeakKeyDictionary[Objects, dict[tuple[str, ...], dict[str, str]]] = WeakKeyDictionary()
"""Of each cluster, the names of events by their words, by what else they have in common."""


def record(
    objects: Objects, about: Json, reason: str, message: str, *, source: str, kind: str = "Normal", of: str = ""
) -> None:
    """Something happened to an object; the same once more is counted. `of`: a field path, as a pod's container.

    A recorder never fails: an event that the API server does not take is lost.
    """
    meta, now = about["metadata"], objects.clock.stamp()
    namespace = meta.get("namespace") or "default"
    names = _NAMES.setdefault(objects, {}).setdefault((meta["uid"], reason, source, kind, of), {})
    words = message
    if message not in names and len(names) >= MOST:
        message, words = f"(combined from similar events): {message}", ""
    # in the order of time, as the real ones: their times are no finer than a second
    name = names.get(words) or f"{meta['name']}.{objects.store.revision:016x}"
    by = Writer(user=f"system:{source}", manager=source)
    involved = {
        "apiVersion": about["apiVersion"], "kind": about["kind"], "name": meta["name"], "uid": meta["uid"],
        "namespace": meta.get("namespace"), "resourceVersion": meta["resourceVersion"], "fieldPath": of,
    }  # fmt: skip
    body = {
        "metadata": {"name": name, "namespace": namespace}, "reason": reason, "message": message, "type": kind,
        "involvedObject": {key: value for key, value in involved.items() if value}, "count": 1,
        "firstTimestamp": now, "lastTimestamp": now, "eventTime": None, "source": {"component": source},
        "reportingComponent": source, "reportingInstance": "",
    }  # fmt: skip
    with suppress(Refusal):
        if objects.find("events", name, namespace) is None:
            objects.create("events", body, by)
            names[words] = name
        else:
            again = {"lastTimestamp": now, "message": message}
            objects.edit("events", name, namespace, lambda was: {**was, **again, "count": was["count"] + 1}, by)
