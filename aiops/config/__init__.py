"""What the operator wrote, as frozen dataclasses. No network, no program, no judgement of the platform."""
