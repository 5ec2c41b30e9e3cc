"""The Flask shell around the engine."""
