"""The operators' area: every page of it, for those who run this place and nobody else."""

from __future__ import annotations

from typing import Final

from app.web import (
    operator_audit_pages,
    operator_member_pages,
    operator_overview_pages,
    operator_pair_pages,
    operator_quality_pages,
    operator_report_pages,
    operator_work_pages,
)
from app.web.routes import Pages

MODULES: Final = (
    operator_overview_pages,
    operator_member_pages,
    operator_pair_pages,
    operator_report_pages,
    operator_quality_pages,
    operator_work_pages,
    operator_audit_pages,
)


def register(pages: Pages) -> None:
    """Register every page of the operators' area."""
    for module in MODULES:
        module.register(pages)
