"""Where each command is, and what it does: all that the help needs, so that it imports none of them."""

from __future__ import annotations

from typing import Final, NamedTuple


class Place(NamedTuple):
    """Name a command, the module of `app.cli` whose COMMANDS hold it, and what it does."""

    name: str
    module: str
    what: str


# In the order that help shows.
PLACES: Final = (
    Place(
        "up",
        "embedded",
        "Start both databases, Redis, the API and the worker, and keep them running.",
    ),
    Place("down", "embedded", "Stop everything that runs on the data folder, whoever started it."),
    Place("status", "embedded", "Show each service; exit with 0 only where all of them run."),
    Place(
        "psql",
        "embedded",
        "Open psql on the AI or the backend database; what follows is handed to psql.",
    ),
    Place(
        "env",
        "embedded",
        'Print the variables that point a shell at these servers: eval "$(reciprocity env)".',
    ),
    Place(
        "demo",
        "demo",
        "Start both databases and show the main job on a sample community, then run until Ctrl-C.",
    ),
    Place(
        "migrate",
        "databases",
        "Bring both databases to the newest shape, mark them, and index the embedding model.",
    ),
    Place(
        "import",
        "members",
        "Read members in from FILE: JSON Lines, or CSV with a line of column names.",
    ),
    Place(
        "onboard",
        "onboard",
        "Onboard the member with this EMAIL: ask, listen, show what was understood.",
    ),
    Place(
        "matches",
        "members",
        "List the matches of the member with this EMAIL, best first, with the reason for each.",
    ),
    Place("match-sync", "members", "Have all members' lists made anew by the worker."),
    Place(
        "rounds",
        "learn",
        "Show what the last rounds did, beside lists made for each member alone.",
    ),
    Place(
        "learn",
        "learn",
        "Learn from members' decisions how well an offer answers a need, and who accepts readily.",
    ),
    Place(
        "calibrate",
        "learn",
        "Fit the embedding model's calibration to a FILE of answers, and use it from now on.",
    ),
    Place(
        "learn-map",
        "learn_map",
        "Learn from a FILE of statements with topics which words mean the same here.",
    ),
    Place(
        "lint",
        "lint",
        "Find SQL on the wrong database, connections past the adapter, and half-configured services.",
    ),
    Place(
        "score",
        "score",
        "Measure what the walls between the two databases hold back, on throw-away servers.",
    ),
    Place(
        "doctor",
        "doctor",
        "Examine settings, databases, broker, model and work; exit with 0 only where all is sound.",
    ),
    Place("roles", "roles", "Print the SQL of the roles of one DATABASE, or apply it."),
    Place(
        "adopt",
        "adopt",
        "Adopt a DATABASE that somebody else made: ours go beside theirs, theirs stay as they are.",
    ),
    Place("admin", "accounts", "Make and name those who run this place."),
    Place("reconcile", "operations", "Compare the two databases and mend each difference."),
    Place("rebuild", "operations", "Make what can be made anew."),
    Place(
        "backup",
        "backups",
        "Copy both databases into FOLDER, new or empty, with a manifest of checksums.",
    ),
    Place(
        "restore",
        "backups",
        "Read the backup in FOLDER into two empty databases, and make them a pair of their own.",
    ),
    Place(
        "dead-letters",
        "dead_letters",
        "Look at work that was given up, have it done again, or let it be.",
    ),
    Place(
        "webhooks",
        "webhooks",
        "Look at webhooks, send them again, and say who is told of events.",
    ),
    Place(
        "why",
        "why",
        "Say why MISSING is not in the list of OWNER; both are e-mail addresses or ids.",
    ),
    Place(
        "evaluate",
        "measure",
        "Measure match quality, fairness and exposure (all, or NAMES only).",
    ),
    Place("benchmark", "measure", "Measure speed and memory, each figure beside its baselines."),
    Place("serve", "serve", "Serve the API (API_HOST, API_PORT, API_PROCESSES) until stopped."),
    Place("worker", "work", "Do the work of the outbox until stopped: vectors, matches."),
)
