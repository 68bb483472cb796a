"""What a running command says, and who listens. Nothing of aiops is imported here; no judgement is made here."""
