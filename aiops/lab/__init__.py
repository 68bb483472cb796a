"""A rehearsal cluster: a Kubernetes API in memory, with an Argo CD and the rest of a platform's world simulated.

It imports nothing of aiops: it speaks HTTP, as a cluster does, and reads the platform's tree itself.
"""
