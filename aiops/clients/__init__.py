"""The network and other programs. Every failure is translated here, once, with who, what and where.

Nothing of aiops but its errors and its config may be imported; heavy libraries are imported on first use.
"""
