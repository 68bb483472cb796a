"""The profile to name in a command: the one that was asked for, or the narrowest that has a layer."""

from aiops.snapshot.look import Look


def asked(look: Look) -> str:
    """` --profile P` of the profile that was asked for; without one, the narrowest with all layers that are live."""
    return f" --profile {look.profile}" if look.profile else with_layers(look, tuple(look.value("plan")["layers"]))


def with_layers(look: Look, layers: tuple[str, ...]) -> str:
    """` --profile P` of the narrowest profile of the config that has these layers; empty where none has."""
    profiles: dict[str, list[str]] = look.value("config")["profiles"]
    fitting = [name for name, inside in profiles.items() if set(layers) <= set(inside)]
    return f" --profile {min(fitting, key=lambda name: len(profiles[name]))}" if fitting else ""
