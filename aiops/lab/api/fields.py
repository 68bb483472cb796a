"""Who owns which fields: metadata.managedFields."""

from typing import TYPE_CHECKING

from aiops.lab.api.kinds import Json, Kind

if TYPE_CHECKING:
    from aiops.lab.api.objects import Writer


def managed(kind: Kind, old: Json | None, new: Json, by: "Writer", subresource: str, now: str) -> list[Json]:
    """The entries after a write that is no apply: what it changed is the writer's."""
    return []
