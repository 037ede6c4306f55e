"""What makes two calls the same: the digest of the call, and the content of a saved model in it."""

# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hokusai import HokusaiModel
from hokusai.core._content import content_of
from hokusai.core._order import Order, digest_of
from hokusai.core._packaging import save
from hokusai.core._versions import Version


def carried(**attributes: Any) -> HokusaiModel:
    """A model whose class is pickled with it."""

    class Carried(HokusaiModel):
        def predict(self, data: Any) -> list[Any]:
            return [value for value in data if value in {"alpha", "beta", "gamma"}]

    model = Carried()
    vars(model).update(attributes)
    return model


def content(model: Any, folder: Path) -> str:
    save(model, folder / "model")
    return content_of(folder / "model")


def pair(tmp_path: Path, one: Any, other: Any) -> tuple[str, str]:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    return content(one, tmp_path / "one"), content(other, tmp_path / "other")


def test_one_model_saved_twice_has_one_content(tmp_path: Path, estimator: Any) -> None:
    one, other = pair(tmp_path, estimator, estimator)
    assert one == other


def test_a_class_that_is_made_again_has_the_same_content(tmp_path: Path) -> None:
    one, other = pair(tmp_path, carried(), carried())
    assert one == other


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"weights": [1, 2]}, {"weights": [2, 1]}),
        ({"names": {"a", "b"}}, {"names": {"a", "c"}}),
        ({"names": {"a", "b"}}, {"names": frozenset(("a", "b"))}),
        ({"threshold": 0.5}, {"threshold": 0.25}),
        ({"blob": b"x" * 100}, {"blob": b"x" * 99 + b"y"}),
        ({"first": "a", "second": "b"}, {"first": "b", "second": "a"}),
    ],
)
def test_models_that_differ_have_different_contents(tmp_path: Path, one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = pair(tmp_path, carried(**one), carried(**other))
    assert first != second


def test_content_does_not_depend_on_the_order_of_sets_in_another_process() -> None:
    code = (
        "import cloudpickle, pathlib, sys, tempfile\n"
        "from hokusai.core._content import content_of\n"
        "class Model:\n"
        "    names = {'alpha', 'beta', 'gamma', 'delta'}\n"
        "    def predict(self, data):\n"
        "        return [item for item in data if item in {'one', 'two', 'three', 'four'}]\n"
        "model = Model(); model.seen = {'x', 'y', 'z', 'alpha'}; model.name = 'alpha'\n"
        "folder = pathlib.Path(tempfile.mkdtemp()); path = folder / 'model.pkl'\n"
        "path.write_bytes(cloudpickle.dumps(model)); print(content_of(folder), len(path.read_bytes()))\n"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        for seed in ("1", "2", "3")
    ]
    assert len({digest for digest, _ in told}) == 1


def test_a_file_that_is_no_pickle_counts_as_it_is(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "other", "same")]
    for folder, data in zip(folders, (b"\xff\x00one", b"\xff\x00other", b"\xff\x00one"), strict=True):
        folder.mkdir()
        (folder / "model.pkl").write_bytes(data)
    one, other, same = (content_of(folder) for folder in folders)
    assert one == same
    assert one != other


BASE = Order(name="m", metadata={"team": "risk"}, metrics={"auc": 0.5})


@pytest.mark.parametrize(
    "other",
    [
        replace(BASE, name="n"),
        replace(BASE, kind="version"),
        replace(BASE, metadata={"team": "growth"}),
        replace(BASE, metrics={"auc": 0.25}),
        replace(BASE, version=Version(1, 2, 0)),
        replace(BASE, version=Version(1, 2, 0), exact=True),
        replace(BASE, part="patch"),
        replace(BASE, model_id="mine"),
        replace(BASE, run_id="r"),
        replace(BASE, uri="runs:/r/model"),
        replace(BASE, tags={"baseline_id": "b"}),
    ],
)
def test_every_argument_is_part_of_the_call(other: Order) -> None:
    assert digest_of(other, "http://one", None) != digest_of(BASE, "http://one", None)


def test_the_platform_is_part_of_the_call() -> None:
    assert digest_of(BASE, "http://one", None) != digest_of(BASE, "http://other", None)


def test_the_order_of_keys_is_no_part_of_the_call() -> None:
    turned = [replace(BASE, metadata=dict(pairs)) for pairs in ([("a", 1), ("b", 2)], [("b", 2), ("a", 1)])]
    one, other = (digest_of(order, "http://one", None) for order in turned)
    assert one == other


@pytest.mark.parametrize("order", [BASE, replace(BASE, version=Version(1, 2, 3), exact=True, numbered=False)])
def test_an_order_is_read_back_as_it_was_written(order: Order) -> None:
    import json

    assert Order.from_json(json.loads(json.dumps(order.to_json()))) == order
