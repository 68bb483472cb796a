"""The tree that Argo CD reads, as files: what is declared. No network, no clock, no git program."""
