"""What the API server does not take."""

from aiops.lab.api.kinds import Json, Kind


def validate(kind: Kind, new: Json, old: Json | None) -> None:
    """Refusal (422) where an object is not what its kind allows, or changes what cannot be changed."""
