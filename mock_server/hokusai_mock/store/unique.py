"""What a SQL store says when rows repeat a key: its database refuses them, and the refusal shows the statement.

Clients match on `already exists`, and people recognise the rest; nothing is kept of the call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hokusai_mock.store.errors import StoreError

__all__ = ["experiment_tags_repeat", "logged_model_rows_repeat", "repeats", "run_tags_repeat"]

Pairs = Sequence[tuple[str, str]]

_REFUSED = """(sqlite3.IntegrityError) UNIQUE constraint failed: {unique}
[SQL: INSERT INTO {table} ({columns}) VALUES ({marks})]
[parameters: {rows}]
(Background on this error at: https://sqlalche.me/e/20/gkpj)"""
_TAKEN = """Experiment(name={name}) already exists. Error: (raised as a result of Query-invoked autoflush; \
consider using a session.no_autoflush block if this flush is occurring prematurely)
{text}"""


def repeats(pairs: Pairs, known: Iterable[str] = ()) -> bool:
    """Whether a key stands twice in the pairs, or is known already."""
    keys = [key for key, _ in pairs]
    return len(set(keys)) < len(keys) or not set(known).isdisjoint(keys)


def _refusal(table: str, unique: Sequence[str], columns: str, rows: Sequence[tuple[object, ...]]) -> str:
    return _REFUSED.format(
        unique=", ".join(f"{table}.{column}" for column in unique),
        table=table,
        columns=columns,
        marks=", ".join("?" * len(rows[0])),
        rows=repr(list(rows) if len(rows) > 1 else rows[0]),
    )


def experiment_tags_repeat(name: str, experiment_id: str, tags: Pairs) -> StoreError:
    """The refusal of a new experiment; the store takes every refusal of its rows for one of its name."""
    rows = [(key, value, int(experiment_id)) for key, value in tags]
    text = _refusal("experiment_tags", ("key", "experiment_id"), '"key", value, experiment_id', rows)
    facts = {"name": name, "text": text}
    return StoreError("RESOURCE_ALREADY_EXISTS", _TAKEN.format(**facts), "experiment_tags_repeat", **facts)


def run_tags_repeat(run_id: str, tags: Pairs) -> StoreError:
    """The refusal of a new run."""
    rows = [(key, value, run_id) for key, value in tags]
    text = _refusal("tags", ("key", "run_uuid"), '"key", value, run_uuid', rows)
    return StoreError("BAD_REQUEST", text, "run_tags_repeat", text=text)


def logged_model_rows_repeat(kind: str, model_id: str, experiment_id: str, pairs: Pairs) -> StoreError:
    """The refusal of a logged model's rows; `kind` is `param` or `tag`."""
    table, key = f"logged_model_{kind}s", f"{kind}_key"
    rows = [(model_id, experiment_id, name, value) for name, value in pairs]
    text = _refusal(table, ("model_id", key), f"model_id, experiment_id, {key}, {kind}_value", rows)
    return StoreError("BAD_REQUEST", text)
