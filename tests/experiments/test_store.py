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
from typing import Any

import pandas as pd
import pytest

from experiments import claims
from experiments import store as store_module
from experiments.store import FullError, Store, StoreError, size_on_disk

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


def test_a_damaged_file_is_named(store: Store) -> None:
    assert store.damaged("key") == ""
    place = save(store)
    assert store.damaged("key") == ""
    for name in ("episodes.parquet", "run.json"):
        whole = (place / name).read_bytes()
        for content in (b"", whole[:-9]):
            (place / name).write_bytes(content)
            assert store.damaged("key") == f"ke/key/{name}"
        (place / name).unlink()
        assert store.damaged("key") == f"ke/key/{name}"
        (place / name).write_bytes(whole)
    place.rename(store.folder / "ke" / "kez")
    assert (store.damaged("key"), store.damaged("kez")) == ("", "ke/kez/run.json")
    store.save_failure("failed", {}, ValueError("no luck"))
    assert store.damaged("failed") == ""
    (store.place("failed") / "failure.json").write_text("{")
    assert store.damaged("failed") == "fa/failed/failure.json"


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


def test_a_run_that_is_replaced_is_there_all_the_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """For example by the same one with more tables, while another process reads it."""
    store.save("key", {"seed": 1}, {})
    looks = []
    for name in ("rename", "replace", "unlink"):
        step = getattr(Path, name)

        def watched(self: Path, *arguments: Any, step: Any = step, **named: Any) -> Any:
            result = step(self, *arguments, **named)
            looks.append(store.has("key"))
            return result

        monkeypatch.setattr(Path, name, watched)
    store.save("key", {"seed": 1}, {"episodes": TABLE})
    assert store.has("key", ["episodes"]) and len(looks) > 2 and all(looks)
    store.save("key", {"seed": 1}, {})
    assert all(looks) and not store.has("key", ["episodes"])
    assert {file.name for file in store.place("key").iterdir()} == {"run.json"}


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


def test_who_comes_late_to_a_lost_claim_leaves_the_new_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes find it lost; the first has taken it over before the second goes on."""
    store.claim("key")
    (file,) = (store.folder / "claims").iterdir()
    looks = []

    def late(path: Path, holder: str, *arguments: float) -> bool:
        looks.append(path)
        return len(looks) == 1 or is_lost(path, holder, *arguments)

    is_lost = claims.is_lost
    monkeypatch.setattr(claims, "is_lost", late)
    assert not store.claim("key")
    assert len(looks) > 1 and [*(store.folder / "claims").iterdir()] == [file]
    assert file.read_text() == claims.me()


def test_a_claim_of_another_process_is_not_given_up(store: Store) -> None:
    store.claim("key")
    file = store.folder / "claims" / "key"
    file.write_text("elsewhere:1")
    store.release("key")
    assert file.exists()


@pytest.mark.parametrize("step", ["mkdir", "write"])
def test_a_claim_for_which_there_is_no_room(step: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(FullError, match="no room left for results"):
        patch.setattr(*((Path, "mkdir", full) if step == "mkdir" else (claims, "me", full)))
        store.claim("key")
    assert not list(store.folder.glob("claims/*"))
    assert store.claim("key")


@pytest.mark.parametrize("where", ["", "claims", "ke", "ke/key"])
def test_a_file_in_the_place_of_a_folder_is_named(where: str, store: Store) -> None:
    file = store.folder / where
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("mine")
    assert not store.has("key") and store.failure("key") == ""
    with pytest.raises(StoreError) as said:
        store.claim("key")
        save(store)
    assert str(said.value) == f"results cannot be stored: {str(file)!r} is a file, not a folder"
    assert file.read_text() == "mine" and not list(store.folder.glob(".draft-*"))


def test_a_store_that_cannot_be_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    save(store)
    store.claim("lost")
    (store.folder / "claims" / "lost").write_text(f"{socket.gethostname()}:{gone()}")

    def locked(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    for name in ("mkdir", "rename", "replace", "unlink", "touch"):
        monkeypatch.setattr(Path, name, locked)
    store.sweep()
    assert store.has("key")
    with pytest.raises(StoreError, match=r"results cannot be stored: .*Read-only file system"):
        save(store)
    with pytest.raises(StoreError, match="Read-only"), store.marked():
        pass


def test_a_mark_tells_one_folder_from_another(store: Store, tmp_path: Path) -> None:
    with store.marked() as mark:
        assert Store(store.folder).has_mark(mark) and not Store(tmp_path).has_mark(mark)
        store.sweep()
        assert store.has_mark(mark)
    assert not store.has_mark(mark) and not list(store.folder.iterdir())
    left, elsewhere = (store.folder / f".token-{maker}-1f" for maker in (f"{socket.gethostname()}:{gone()}", "far:1"))
    for file in (left, elsewhere):
        file.touch()
        os.utime(file, (0, 0))
    store.sweep()
    assert list(store.folder.iterdir()) == [elsewhere]


def test_disk_is_counted_in_whole_blocks() -> None:
    assert [size_on_disk(length) for length in (1, 4096, 4097)] == [8192, 8192, 12288]


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
