"""Policies of a gateway: what each is for, and whether it keeps strangers out. Of any kind that attaches (GEP-713)."""

from collections.abc import Iterator

from aiops.gitops.parsing import Body, items, part
from aiops.snapshot import Json

API = "gateway.networking.k8s.io"
KINDS = ("Gateway", "HTTPRoute")
"""What a look can tell whether it is there."""
_GUARDS = ("extAuth", "jwtAuthentication", "basicAuthentication", "apiKeyAuthentication", "oauth2", "authorization")


def targets_of(policy: Body) -> Iterator[tuple[tuple[str | int, ...], Body]]:
    """(where it is written, reference) of each route or Gateway that an object is for."""
    for index, ref in enumerate(items(policy, "spec", "targetRefs")):
        if ref.get("group") == API:
            yield ("spec", "targetRefs", index), ref
    single = part(policy, "spec", "targetRef")
    if single.get("group") == API:
        yield ("spec", "targetRef"), single


def sections_of(target: Body) -> set[str]:
    """The parts that a policy can name: the listeners of a Gateway, the rules of a route."""
    named = (*items(target, "spec", "listeners"), *items(target, "spec", "rules"))
    return {str(each["name"]) for each in named if "name" in each}


def guards(policy: Body) -> bool:
    """Whether it asks for a login, or refuses somebody."""
    spec = part(policy, "spec")
    return any(name in each for each in (spec, part(spec, "traffic")) for name in _GUARDS)


def attached(policy: Body) -> Json | None:
    """The condition by which its controller calls it attached; None where it has not said so."""
    conditions = (each for ancestor in items(policy, "status", "ancestors") for each in items(ancestor, "conditions"))
    return next(
        (dict(each) for each in conditions if (each.get("type"), each.get("status")) == ("Attached", "True")), None
    )


def refusals(policy: Body) -> Iterator[Json]:
    """The conditions, of each ancestor that it was judged for, that it is not accepted or not attached."""
    for ancestor in items(policy, "status", "ancestors"):
        for each in items(ancestor, "conditions"):
            if each.get("type") in ("Accepted", "Attached") and each.get("status") == "False":
                yield dict(each)
