"""The store: whole or not at all, found by key, never mistaken."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from experiments import store as store_module
from experiments.store import FullError, Store

TABLE = pd.DataFrame({"a": [1, 2], "b": pd.Categorical(["x", "y"])})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


def save(store: Store, key: str = "key") -> Path:
    store.save(key, {"headline": {"median_days": float("nan")}}, {"episodes": TABLE})
    return store.place(key)


def test_what_was_saved_is_found_and_read(store: Store) -> None:
    assert not store.has("key")
    place = save(store)
    assert store.has("key")
    assert store.facts("key")["headline"] == {"median_days": None}
    pd.testing.assert_frame_equal(store.arrow("key", "episodes").to_pandas(), TABLE)
    assert place.is_dir() and not store.has("key", ["handoffs"])


def test_another_key_is_another_run(store: Store) -> None:
    save(store, "old")
    assert not store.has("new")
    save(store, "new")
    assert store.has("new") and store.has("old")


def test_a_run_in_the_place_of_another_is_not_mistaken_for_it(store: Store) -> None:
    save(store, "old").rename(store.folder / "moved")
    (store.folder / "moved").rename(store.folder / "ol" / "oldest")
    assert not store.has("oldest")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"3", b'{"key": "key"}', b'{"key": "key", "tables": 3}', b"\xff"]
)
def test_spoilt_facts_are_no_run(store: Store, content: bytes) -> None:
    (save(store) / "run.json").write_bytes(content)
    assert not store.has("key")


def test_spoilt_tables_are_no_run(store: Store) -> None:
    file = save(store) / "episodes.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    assert not store.has("key")
    file.write_bytes(whole[:-1] + b"?")
    assert not store.has("key")
    file.unlink()
    assert not store.has("key")
    file.write_bytes(whole)
    assert store.has("key")


def test_a_number_that_was_changed_is_noticed(store: Store) -> None:
    file = save(store) / "run.json"
    file.write_text(file.read_text().replace('"median_days": null', '"median_days": 3'))
    assert not store.has("key")


def test_stopped_while_writing_leaves_the_old_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    save(store)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(store_module, "write_text", stop)
        save(store)
    assert store.has("key")
    (draft,) = store.folder.glob(".draft-*")
    store.sweep()
    assert draft.exists(), "the process that writes it lives"
    draft.rename(draft.with_name(draft.name.replace(str(os.getpid()), str(gone()))))
    store.sweep()
    assert not list(store.folder.glob(".draft-*"))
    assert store.has("key")


def gone() -> int:
    """Return the number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_one_process_claims_no_other_computes(store: Store) -> None:
    assert store.claim("key")
    assert not store.claim("key") and store.claim("other")
    store.release("key")
    assert store.claim("key")


def test_the_claim_of_a_process_that_is_gone_holds_nobody_up(store: Store) -> None:
    store.claim("key")
    file = store.folder / "claims" / "key"
    file.write_text(f"{socket.gethostname()}:{gone()}")
    assert store.claim("key")
    file.write_text(f"{socket.gethostname()}:{gone()}")
    store.sweep()
    assert not file.exists()


def test_the_claim_of_another_machine_is_lost_after_an_hour(store: Store) -> None:
    store.claim("key")
    file = store.folder / "claims" / "key"
    file.write_text("elsewhere:1")
    assert not store.claim("key")
    os.utime(file, (time.time() - 3700, time.time() - 3700))
    assert store.claim("key")


def test_a_full_disk_is_said_and_leaves_what_is_there(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    save(store)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store_module, "write_text", full)
        with pytest.raises(FullError, match=r"no room left for results: .*No space left"):
            save(store, "new")
        with pytest.raises(FullError):
            store.save_failure("new", {}, ValueError("no luck"))
    assert store.has("key") and not store.has("new")
    assert not list(store.folder.glob(".draft-*"))


def test_a_failure_takes_the_place_of_a_run_and_the_other_way_round(store: Store) -> None:
    place = save(store)
    line = store.save_failure("key", {"seed": 1}, ValueError("no\nluck"))
    assert line == store.failure("key") == "ValueError: no luck"
    assert not store.has("key")
    failure = json.loads((place / "failure.json").read_text())
    assert failure["configuration"] == {"seed": 1}
    assert "ValueError: no\nluck" in failure["traceback"]
    save(store)
    assert store.has("key") and store.failure("key") == ""
    assert not (place / "failure.json").exists()
