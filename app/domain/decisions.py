"""The words in which members decide on an introduction, and why."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

LATER: Final = timedelta(days=14)  # after this long a postponed introduction is asked about again
LASTS: Final = timedelta(days=30)  # an introduction that nobody answers runs out after this
RESTS: Final = timedelta(days=90)  # and then is not made again for so long
LONGEST_NOTE: Final = 1000  # characters


class Choice(StrEnum):
    """Say yes, no for good, or later to an introduction."""

    YES = "yes"
    NO = "no"
    LATER = "later"


WRONG_FIELD: Final = "wrong_field"
# A no for one of these says nothing about whether the other has what the member needs.
SILENT: Final = ("cannot_help", "know_already", "not_this_person")

# What a member may tick; the order is the order on the page.
REASONS: Final[dict[Choice, dict[str, str]]] = {
    Choice.YES: {
        "answers_my_need": "They have what I need",
        "i_can_help": "I can help them",
        "interesting_person": "I would like to know them",
    },
    Choice.NO: {
        "not_what_i_need": "Not what I need",
        "wrong_field": "Not the field I am looking for",
        "cannot_help": "I cannot help with that",
        "know_already": "We know each other already",
        "not_this_person": "Not this person",
    },
    Choice.LATER: {
        "too_busy": "Too much to do right now",
        "not_needed_yet": "I need this later",
    },
}
