"""The closed words of understanding: what a statement is, and what had been asked before it."""

from __future__ import annotations

from enum import StrEnum


class Meaning(StrEnum):
    """Say what a part of a message is. Neither is small talk: kept in the log and listed nowhere."""

    NEED = "need"
    OFFER = "offer"
    FACT = "fact"
    NEITHER = "neither"


class Asked(StrEnum):
    """Name the question that a message answers: the prior of what its parts are."""

    NOTHING = ""
    NEED = "need"
    OFFER = "offer"
    NEED_DETAIL = "need_detail"
    OFFER_DETAIL = "offer_detail"
    ABOUT = "about"
    RULES = "rules"
