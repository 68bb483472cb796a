"""Argo CD: its repo server, its two controllers, and its API server."""

from aiops.lab.argocd.applications import Applications
from aiops.lab.argocd.applicationsets import ApplicationSets
from aiops.lab.argocd.repo_server import RepoServer
from aiops.lab.argocd.server import Server
from aiops.lab.cluster import Cluster


async def start(cluster: Cluster) -> None:
    """All of it."""
    repo_server = RepoServer(cluster)
    ApplicationSets(cluster, repo_server)
    Applications(cluster, repo_server)
    cluster.argocd = Server(cluster, repo_server)
    await cluster.argocd.start()
