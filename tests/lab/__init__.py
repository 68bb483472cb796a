"""The lab: each part by itself."""
