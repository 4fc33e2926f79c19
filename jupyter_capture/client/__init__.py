"""The client: one noun a file. Nothing in here imports the engine."""
