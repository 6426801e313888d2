"""The community that ships with the software, so that a first visitor meets people."""

from pathlib import Path


def community_path() -> Path:
    """Return the path of the sample community.

    The file is JSON Lines in UTF-8, one invented member a line, in the form that
    `reciprocity import` reads: email, first_name, last_name (may be empty), headline, place
    ("City, Country"), languages (ISO 639-1), fields, one to three needs, one to three offers.
    The member on the first line is the one whose matches the demo shows.
    """
    return Path(__file__).with_name("community.jsonl")
