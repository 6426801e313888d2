"""Verbs: what the platform does, called the same way by commands, API and worker."""
