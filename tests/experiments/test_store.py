"""The store: whole or not at all, found by key, never mistaken."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from experiments import store as store_module
from experiments.store import Store

TABLE = pd.DataFrame({"a": [1, 2], "b": pd.Categorical(["x", "y"])})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


def save(store: Store, key: str = "key", arm: str = "letter+records:shared") -> Path:
    store.save(arm, 3, key, {"headline": {"median_days": float("nan")}}, {"episodes": TABLE})
    return store.place(arm, 3)


def has(store: Store, key: str = "key") -> bool:
    return store.has("letter+records:shared", 3, key)


def test_what_was_saved_is_found_and_read(store: Store) -> None:
    assert not has(store)
    place = save(store)
    assert has(store)
    assert store.facts("letter+records:shared", 3)["headline"] == {"median_days": None}
    pd.testing.assert_frame_equal(store.arrow("letter+records:shared", 3, "episodes").to_pandas(), TABLE)
    assert ":" not in str(place.relative_to(store.folder))


def test_another_key_is_another_run(store: Store) -> None:
    save(store, "old")
    assert not has(store, "new")
    save(store, "new")
    assert has(store, "new")
    assert not has(store, "old")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"3", b'{"key": "key"}', b'{"key": "key", "tables": 3}', b"\xff"]
)
def test_spoilt_facts_are_no_run(store: Store, content: bytes) -> None:
    (save(store) / "run.json").write_bytes(content)
    assert not has(store)


def test_spoilt_tables_are_no_run(store: Store) -> None:
    file = save(store) / "episodes.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    assert not has(store)
    file.write_bytes(whole[:-1] + b"?")
    assert not has(store)
    file.unlink()
    assert not has(store)
    file.write_bytes(whole)
    assert has(store)


def test_stopped_while_writing_leaves_the_old_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    save(store, "old")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store_module, "write_json", stop)
    with pytest.raises(KeyboardInterrupt):
        save(store, "new")
    assert has(store, "old")
    assert list(store.folder.glob(".draft-*"))
    store.sweep()
    assert not list(store.folder.glob(".draft-*"))
    assert has(store, "old")


def test_a_failure_takes_the_place_of_a_run_and_the_other_way_round(store: Store) -> None:
    place = save(store)
    line = store.save_failure("letter+records:shared", 3, {"seed": 1}, ValueError("no\nluck"))
    assert line == "ValueError: no luck"
    assert not has(store)
    failure = json.loads((place / "failure.json").read_text())
    assert failure["configuration"] == {"seed": 1}
    assert "ValueError: no\nluck" in failure["traceback"]
    save(store)
    assert has(store)
    assert not (place / "failure.json").exists()


def test_names_that_look_alike_have_places_of_their_own(store: Store) -> None:
    assert store.place("a+b:c", 1) != store.place("a+b-c", 1)
    assert store.place("a", 1) != store.place("a", 11)
