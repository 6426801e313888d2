"""The onboarding conversation: what is known, what to ask next, what to write down; pure."""
