"""Who gets what of the operators' pages: members learn of nothing, others are sent to sign in."""

from __future__ import annotations

SEEN = (303, 404, 404, 200, 303)
# Of somebody, or something, that does not exist.
NONE = (303, 404, 404, 404, 303)

TABLE = {
    "GET /operator": SEEN,
    "GET /operator/audit": SEEN,
    "GET /operator/members": SEEN,
    "GET /operator/members/{user_id:uuid}": NONE,
    "POST /operator/members/{user_id:uuid}/again": NONE,
    "POST /operator/members/{user_id:uuid}/lift": NONE,
    "GET /operator/why": SEEN,
    "GET /operator/reports": SEEN,
    "GET /operator/reports/{report_id:uuid}": NONE,
    "POST /operator/reports/{report_id:uuid}": NONE,
    "GET /operator/quality": SEEN,
    "POST /operator/quality": (303, 404, 404, 303, 303),
    "GET /operator/outbox": SEEN,
    "GET /operator/outbox/{number:int}": NONE,
    "POST /operator/outbox/{number:int}/again": NONE,
    "POST /operator/outbox/{number:int}/discard": NONE,
    "POST /operator/outbox/again": (303, 404, 404, 303, 303),
}
