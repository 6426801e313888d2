"""Spare one transaction what takes longer than its statements: planning, and waiting for the disk."""

from __future__ import annotations

from app.databases.connections import BackendConnection


def plan_once(backend: BackendConnection) -> None:
    """Keep the first plan of each statement of this transaction: for few members each is the same.

    Left to itself the server plans anew for each array of ids.
    """
    backend.execute("SELECT set_config('plan_cache_mode', 'force_generic_plan', true)")


def plan_once_and_trust_memory(backend: BackendConnection) -> None:
    """Commit besides without waiting for the disk: for what is done again if a crash forgets it.

    The log is written in its order, so that whatever is committed later and waits proves this too.
    """
    backend.execute(
        "SELECT set_config('plan_cache_mode', 'force_generic_plan', true),"
        " set_config('synchronous_commit', 'off', true)"
    )
