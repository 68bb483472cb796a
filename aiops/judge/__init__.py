"""Pure verdicts on objects, shared by every command that needs one. No network, no clock, no text layout."""
