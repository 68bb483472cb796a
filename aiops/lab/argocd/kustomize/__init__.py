"""Kustomizations, as far as platforms' trees use them: what `kustomize build` prints.

What lies on the network is left out: of remote resources there is nothing, of a chart there is a stand-in.
"""
