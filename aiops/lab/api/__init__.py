"""The Kubernetes API: what is stored, how it is written, and how it is asked for over HTTP."""
