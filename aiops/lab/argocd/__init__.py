"""Argo CD: its controllers, and the calls of its own API."""
