"""One file per verb: what aiops does. No click, no rich; everything is said through the session's report."""
