"""aiops: the operator's hand on an LLM platform that Argo CD deploys from git."""

__version__ = "0.1.0"
