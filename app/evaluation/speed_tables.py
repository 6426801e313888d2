"""Make the tables of the speed report out of what was measured, size by size."""

from __future__ import annotations

import os
import platform
from itertools import pairwise
from typing import Any, Final

from app.evaluation.tables import Cell, Table
from app.services import match_sync

# What one part gave at one size; kept as JSON, so that a long measurement can go on where it was.
Figures = dict[str, Any]
Kept = dict[str, dict[str, Figures]]

_MACHINE: Final = (
    f"{os.cpu_count()} cores, {platform.machine()}; OPENBLAS_CORETYPE unset; ratios are medians of"
    " turns taken one after the other in one run."
)


def tables(kept: Kept) -> list[Table]:
    """Give every table of which anything is known."""
    members = _sizes(kept, "members")
    made = [
        _newcomers(members), _searches(members), _loading(members), _statement_indexes(members),
        _couple_indexes(members), _everybody(_sizes(kept, "everybody")),
    ]  # fmt: skip
    made += [_rounds(size, found) for size, found in _sizes(kept, "rounds")]
    return [table for table in made if table.rows]


def _sizes(kept: Kept, part: str) -> list[tuple[int, Figures]]:
    return sorted((int(size), found) for size, found in kept.get(part, {}).items())


def _newcomers(found: list[tuple[int, Figures]]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for size, all_of in found:
        one = all_of["newcomers"]
        rows.append((
            f"{size:,}", all_of["statements"], all_of["couples"], one["method"], one["whole ms"],
            one["embedding ms"], one["candidates ms"], one["re-rank ms"], one["inserts ms"],
            one["over parts"], one["pairs"], one.get("servers MB", "not measured"),
        ))  # fmt: skip
    sources = sorted({all_of["vectors from"] for _size, all_of in found})
    note = (
        "From a member's approval to matches stored for both sides, through outbox and relay, median"
        " of newcomers out of the sample community, after some that warm the model and the"
        " connections; the lists that they enter are full. Beside it the"
        " parts done bare for the same newcomers: embedding, one query for candidates (the platform's"
        " own, the quickest we know) and who of them may be matched, one for the couples of those,"
        " inserts of vectors and of matches. Whoever comes second finds in memory what the first one"
        " read: the parts came first for every other newcomer, and the ratio is the geometric mean."
        " Memory is what both servers have together, buffers of 512 MB each included as far as used."
        f" The others' vectors: {'; '.join(sources)}. {_MACHINE}"
    )
    columns = ("members", "statements", "couples", "lists", "approval to matches, ms",
               "embedding, ms", "candidates, ms", "re-rank, ms", "inserts, ms", "over the parts",
               "pairs stored", "both servers, MB")  # fmt: skip
    title = "One member, from approval to matches on both sides"
    return Table(title, columns, tuple(rows), note, "over the parts", 1.5)


def _searches(found: list[tuple[int, Figures]]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for size, all_of in found:
        one = all_of["searches"]
        through = all_of.get("index", {})
        rows.append((
            f"{size:,}", one["exact ms"], one["by hand ms"], one["over by hand"],
            f"{one['same people']:.0%}", one["exact recall"], through.get("index ms", "no index"),
            through.get("index recall", ""), one["others ms"],
            round(one["others ms"] * size / 60_000.0, 1),
        ))  # fmt: skip
    note = (
        "The best ten of one member of one to three needs and offers; recall@10 of the exact ranking,"
        " which matrix products gave. By hand: one SQL statement that returns the same people. As"
        " others do: one exact cosine scan for each need and each offer, a hundred each, above 0.5,"
        f" the union; one member after another. {_crossing(found)} {_MACHINE}"
    )
    columns = ("members", "exact, ms", "SQL by hand, ms", "over by hand", "same people",
               "exact recall@10", "index, ms", "index recall@10", "as others do, ms",
               "everybody so, minutes")  # fmt: skip
    title = "One member's search: exact, by hand, through the index, as others do"
    return Table(title, columns, tuple(rows), note, "over by hand", 1.1)


def _crossing(found: list[tuple[int, Figures]]) -> str:
    """Say from which size on the index is quicker, on the straight line between two sizes."""
    both = [
        (size, one["searches"]["exact ms"] - one["index"]["index ms"])
        for size, one in found
        if one.get("index")
    ]
    used = f"The platform asks the index from {match_sync.LARGE:,} accounts on."
    for (small, before), (large, after) in pairwise(both):
        if before <= 0.0 < after:
            at = small - before * (large - small) / (after - before)
            return f"On this machine exact scan and index cross at {round(at, -2):,.0f} members. {used}"
    if not both:
        return used
    if both[0][1] > 0.0:
        return (
            f"The index was the quicker from the smallest size on, {both[0][0]:,} members. {used}"
        )
    return f"The exact scan was the quicker up to the largest size, {both[-1][0]:,} members. {used}"


def _loading(found: list[tuple[int, Figures]]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for size, all_of in found:
        one = all_of["loading"]
        took = one["seconds"]
        rows.append((
            f"{size:,}", all_of["statements"], all_of["couples"], round(took, 2),
            round(all_of["statements"] / took), round(one["compared"], 2), round(one["copied"], 2),
            one["compared"] / one["copied"],
        ))  # fmt: skip
    note = (
        "Everybody's vectors and couples, in batches of 2,000 members, each in a transaction with"
        " its fences. The first batches were stored both ways in turn: by the platform, and by binary"
        " COPY of rows that were encoded before the clock began, into the same tables with the same"
        f" keys. {_MACHINE}"
    )
    columns = ("members", "statements", "couples", "seconds", "statements a second",
               "some batches, s", "the same by COPY, s", "over COPY")  # fmt: skip
    return Table("Loading vectors", columns, tuple(rows), note, "over COPY", 1.5)


def _statement_indexes(found: list[tuple[int, Figures]]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (f"{size:,}", kind, all_of["statements"], one["built s"], one["MB"], one["ms"],
         one["recall"])
        for size, all_of in found
        for kind, one in all_of.get("halves", {}).items()
    ]  # fmt: skip
    note = (
        "HNSW over single statements (m 16, ef_construction 64), ten nearest with ef_search 100,"
        " against the exact ten. Matching asks the couples' index only; this one serves who asks the"
        f" database for statements. {_MACHINE}"
    )
    columns = ("members", "type", "statements", "built in, s", "MB", "search, ms", "recall@10")
    return Table("Index over statements: vector and halfvec", columns, tuple(rows), note)


def _couple_indexes(found: list[tuple[int, Figures]]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (f"{size:,}", all_of["couples"], one["index built s"], one["index MB"], one["index ms"],
         one["index recall"])
        for size, all_of in found
        if (one := all_of.get("index"))
    ]  # fmt: skip
    note = (
        "HNSW over couples as halfvec (m 24, ef_construction 200), built after loading; 200 couples"
        " for each couple of the member who asks, ef_search 400, then ranked exactly. " + _MACHINE
    )
    columns = ("members", "couples", "built in, s", "MB", "search, ms", "recall@10")
    return Table("Index over couples", columns, tuple(rows), note, "recall@10", 0.99)


def _everybody(found: list[tuple[int, Figures]]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for size, one in found:
        faiss, took = one["faiss"], one["seconds"]
        # Figures without turns are of one turn, and so are their ratios.
        rows.append((
            f"{size:,}", one["statements"], round(took, 2), round(one["bare"], 2),
            one.get("over_bare", took / one["bare"]),
            "not installed" if faiss is None else round(faiss, 2),
            "" if faiss is None else one.get("over_faiss", took / faiss),
            int(one["megabytes"]), one["pairs"],
        ))  # fmt: skip
    turns = ", ".join(f"{one.get('turns', 1)} at {size:,}" for size, one in found)
    note = (
        "Exact best 20 of each member; one or two needs and one to three offers of 384 components"
        " around 400 topics. The bare product and FAISS (two flat searches a member, union not"
        " counted) are timed in turn with it and, of many members, on a sample and scaled; medians of"
        f" the turns ({turns}). Memory is the process's peak, vectors included; at most 1,536 MB are"
        f" wanted at 100,000. {_MACHINE}"
    )
    columns = ("members", "statements", "seconds", "bare product, s", "over bare", "FAISS flat, s",
               "over FAISS", "peak MB", "pairs kept")  # fmt: skip
    return Table("All members anew", columns, tuple(rows), note, "over bare", 2.0)


def _rounds(size: int, found: Figures) -> Table:
    ways = found["ways"]
    before = ways[0]["expected"]
    rows: list[tuple[Cell, ...]] = [
        (one["lists"], one["expected"], one["expected"] / before, round(one["gini"], 3),
         round(one["never_shown"], 4), one["mutual_pairs"], one["seconds"], one["megabytes"])
        for one in ways
    ]  # fmt: skip
    note = (
        f"{size:,} members, {ways[0]['edges']:,} candidate edges, lists of ten; popularity sd 0.8 in"
        " the logit, a market drawn from a formula. Each row in a process of its own; seconds after"
        " candidates, memory the process's peak with them. At 100,000: at most 25 s and 4,096 MB are"
        f" wanted. {_MACHINE}"
    )
    columns = ("lists", "expected matches", "over harmonic", "exposure Gini", "never shown",
               "pairs on both lists", "seconds", "peak MB")  # fmt: skip
    title = f"Rounds under skewed popularity, {size:,} members"
    return Table(title, columns, tuple(rows), note, "over harmonic")
