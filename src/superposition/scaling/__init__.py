"""Why wider networks and more data help: what superposition explains of it, on models whose features are known."""
