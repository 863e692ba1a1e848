"""Bad input: one message with all problems, exit status 2, no traceback, and nothing has run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Answer, Journeys
from tests.places import TABLES, TWO_PROVIDERS, changed, write_place

TWICE = {name: [*rows, *rows] for name, rows in TABLES.items()}
FEVER = {"need": "fever", "prevalence": 1}


def refused(answer: Answer, *said: str) -> None:
    assert answer.status == 2, answer
    assert answer.out == ""
    for words in said:
        assert words in answer.err
    assert not Path("outputs").exists()


PLACES: dict[str, tuple[dict[str, Any], str]] = {
    "missing table": ({"providers": None}, "place/providers.csv: is missing"),
    "misspelt column": ({"needs": "need,prevalance\nillness,1\n"}, "did you mean 'prevalence'?"),
    "missing column": ({"needs": "need\nillness\n"}, "place/needs.csv: column 'prevalence' is missing"),
    "negative figure": (
        {"districts": changed("districts", citizens_per_year=-3)},
        "place/districts.csv line 2: citizens_per_year: is '-3'; allowed: at least 0",
    ),
    "not a number": (
        {"services": changed("services", service_days="a week")},
        "place/services.csv line 2: service_days: is 'a week'; allowed: a number",
    ),
    "service for an unknown need": (
        {"services": changed("services", needs="illnes")},
        "unknown need 'illnes'; allowed: illness; did you mean 'illness'?",
    ),
    "need that nobody supports": (
        {"needs": [*TABLES["needs"], FEVER]},
        "place/services.csv: no service supports need 'fever'",
    ),
    "district that nobody covers": (
        {
            "districts": [*TABLES["districts"], {"district": "hills", "citizens_per_year": 1}],
            "providers": changed("providers", districts="town"),
        },
        "place/districts.csv: no provider covers district 'hills'",
    ),
    "duplicate district": ({"districts": TWICE["districts"]}, "district 'town' is there 2 times"),
    "duplicate provider": ({"providers": TWICE["providers"]}, "provider 'clinic' is there 2 times"),
    "duplicate service": ({"services": TWICE["services"]}, "service 'care' is there 2 times"),
    "duplicate need": ({"needs": TWICE["needs"]}, "need 'illness' is there 2 times"),
    "probability above 1": (
        {"needs": changed("needs", return_probability=1.5)},
        "place/needs.csv line 2: return_probability: is '1.5'; allowed: at most 1",
    ),
    "parameter out of range": (
        {"settings": {"barriers": {"culture": 2}}},
        "place/scenario.yaml: barriers.culture: is 2; allowed: at most 1",
    ),
    "unknown parameter": (
        {"settings": {"journey": {"retry_day": 2}}},
        "place/scenario.yaml: journey.retry_day: unknown name 'retry_day'",
    ),
}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("command", ["check", "compare", "run"])
def test_place(name: str, command: str, journeys: Journeys) -> None:
    tables, said = PLACES[name]
    write_place(Path("place"), **tables)
    answer = journeys(command, "scenario.folder=place")
    refused(answer, said)
    assert answer.err.count(said) == 1


ARGUMENTS = {
    "unknown arm": (["arms=[fragmentd,integrated]"], "did you mean 'fragmented'?"),
    "unknown mechanism": (["arms=[fragmented+records:shard]"], "did you mean 'shared'?"),
    "unknown question": (["arms=[fragmented+record:shared]"], "unknown name 'record'"),
    "half a change": (["arms=[fragmented+records]"], "NAME+mechanism:value"),
    "the same arm twice": (["arms=[letter,letter]"], "'letter' is there 2 times"),
    "no arm": (["arms=[]"], "arms: is empty"),
    "unknown name": (["sed=3"], "unknown name 'sed'; did you mean 'seed'?"),
    "name without its section": (["retry_days=3"], "did you mean 'journey.retry_days'?"),
    "misspelt section": (["barrier.culture=0.5"], "did you mean 'barriers.culture'?"),
    "added name": (["+barriers.cultur=0.5"], "barriers.cultur: unknown name 'cultur'"),
    "name of run": (["coordination=integrated"], "allowed: arms=[NAME,...]"),
    "unknown name of Hydra": (["hydra.run.dirr=x"], "unknown name 'hydra.run.dirr'"),
    "unknown scenario": (["scenario=three_journey"], "did you mean 'three_journeys'?"),
    "unknown barriers": (["barriers=hihg"], "did you mean 'high'?"),
    "folder that is not there": (["scenario.folder=nowhere"], "there is no folder 'nowhere'"),
    "two places": (["scenario=three_journeys", "scenario.folder=nowhere/x"], "there is no folder"),
    "name twice": (["seed=1", "seed=2"], "'seed' is given twice"),
    "above 1": (["barriers.culture=2"], "barriers.culture: is 2; allowed: at most 1"),
    "not a number": (["replications=many"], "replications: is 'many'; allowed: a whole number"),
    "no replications": (["replications=0"], "replications: is 0; allowed: a whole number from 1"),
    "negative seed": (["seed=-1"], "seed: is -1; allowed: at least 0"),
    "empty value": (["barriers.culture="], "barriers.culture: is ''; allowed: a number"),
    "nothing but a word": (["foo"], "cannot read 'foo'; allowed: NAME=VALUE"),
    "half a list": (["a=["], "cannot read 'a=['"),
    "sweep without -m": (["seed=1,2"], "with -m, a job for each"),
    "no days to count": (["time.horizon_days=100"], "leaves no days"),
    "list of loggers": (["hydra.verbose=5"], "'hydra.verbose=5' is not possible; allowed: true, false, or names"),
    "mode of Hydra": (["hydra.mode=FOO"], "hydra.mode=FOO: Invalid value 'FOO', expected one of [RUN, MULTIRUN]"),
    "number for a group of Hydra": (["hydra.job=3"], "hydra.job is a group of values; allowed: hydra.job.NAME=VALUE"),
    "variable that is not set": (["hydra.job.env_copy=[NOT_SET]"], "Hydra cannot use hydra.job.env_copy=[NOT_SET]"),
    "launcher that is none": (["-m", "hydra.launcher._target_=nothing"], "hydra.launcher._target_=nothing"),
    "no output folder": (["hydra.run.dir="], "hydra.run.dir is empty; allowed: the path of a folder"),
    "no folder of a sweep": (["-m", "hydra.sweep.subdir="], "hydra.sweep.subdir is empty"),
    "reference to nothing": (["hydra.run.dir=${x}"], "hydra.run.dir: Interpolation key 'x' not found"),
    "arms by name": (["arms={a:1}"], "'arms={a:1}' is not possible: arms is a list; allowed: arms=[NAME,...]"),
    "list for a section": (["journey=[1]"], "journey is a group of values; allowed: journey.NAME=VALUE"),
    "no scenario": (["scenario=null"], "'scenario=null' chooses nothing; allowed: "),
    "yes for a number": (["replications=true"], "replications: is yes"),
    "no such config dir": (["--config-dir", "nowhere"], "--config-dir: there is no folder 'nowhere'"),
    "config dir without its folder": (["--config-dir"], "1 problem in the input:\n  - command line: --config-dir"),
    "misspelt flag": (["--conf-dir=mine"], "unknown flag '--conf-dir=mine'; allowed: what journeys compare --help"),
    "unknown flag and name": (["--bogus", "seed=1", "sed=3"], "2 problems in the input"),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments(name: str, journeys: Journeys) -> None:
    arguments, said = ARGUMENTS[name]
    refused(journeys("compare", *arguments), said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["coordination=lettr"], "did you mean 'letter'?"),
        (["coordination.records=shard"], "did you mean 'shared'?"),
        (["arms=[letter]"], "allowed: coordination=NAME"),
        (["replicate=-1"], "replicate: is -1; allowed: at least 0"),
    ],
)
def test_arguments_of_run(arguments: list[str], said: str, journeys: Journeys) -> None:
    refused(journeys("run", *arguments), said)


def test_check_speaks_of_itself(journeys: Journeys) -> None:
    refused(journeys("check", "replicate=3"), "journeys check", "has no 'replicate'; allowed: replications=N")


def test_output_folder_below_a_file(journeys: Journeys) -> None:
    Path("file").write_text("")
    for command in ("compare", "run", "check"):
        folder = f"hydra.run.dir=file/below/{command}"
        refused(journeys(command, folder), "output folder:", "is not a folder")
    refused(journeys("compare", "-m", "seed=1,2", "hydra.sweep.dir=file/below"), "output folder:")


def test_output_folder_with_a_file_in_place_of_a_folder(journeys: Journeys) -> None:
    Path("out").mkdir()
    Path("out/results").write_text("")
    refused(journeys("compare", "hydra.run.dir=out"), "output folder: 'out/results' is not a folder; allowed: a folder")


@pytest.mark.parametrize("where", [[], ["hydra.sweep.dir=many"]])
def test_the_jobs_of_a_sweep_need_a_folder_each(where: list[str], journeys: Journeys) -> None:
    arguments = ("-m", "seed=1,2,3", "hydra.sweep.subdir=same", *where)
    refused(journeys("compare", *arguments), "same' is that of job 0 and of job 1", "job 0 and of job 2")
    assert not Path("many").exists()


def test_output_folder_without_permission(journeys: Journeys, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's answer is played: to root, as whom tests may run, nothing is forbidden."""
    locked = Path("locked").absolute()
    locked.mkdir(mode=0o500)
    really = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != locked and really(path, mode))
    refused(journeys("compare", "hydra.run.dir=locked/mine"), "no permission")


def test_all_problems_at_once(journeys: Journeys) -> None:
    Path("file").write_text("")
    write_place(
        Path("place"), {"barriers": {"culture": 2}}, needs=None, districts="district,citizens_per_year\ntown,x\n"
    )
    answer = journeys(
        "compare",
        "scenario.folder=place",
        "sed=3",
        "foo",
        "arms=[fragmentd]",
        "journey.rebook=7",
        "hydra.run.dir=file/x",
    )
    refused(
        answer,
        "place/needs.csv: is missing",
        "citizens_per_year: is 'x'",
        "place/scenario.yaml: barriers.culture: is 2",
        "unknown name 'sed'",
        "cannot read 'foo'",
        "unknown coordination 'fragmentd'",
        "journey.rebook: is 7",
        "output folder:",
    )
    assert "8 problems in the input" in answer.err


def test_all_jobs_of_a_sweep_are_checked_first(journeys: Journeys) -> None:
    write_place(Path("good"), **TWO_PROVIDERS)
    write_place(Path("bad"), needs=None)
    answer = journeys("compare", "-m", "scenario.folder=good,bad", "seed=1,-1", "replications=1")
    refused(answer, "bad/needs.csv: is missing", "seed: is -1", "2 problems in the input")


def test_broken_files_of_a_users_own(journeys: Journeys) -> None:
    folder = Path("mine/coordination")
    folder.mkdir(parents=True)
    (folder / "broken.yaml").write_text("title: [")
    (folder / "wrong.yaml").write_text("handof: letter")
    arms = journeys("compare", "--config-dir", "mine", "arms=[broken,wrong]")
    where = f"  - {(folder / 'broken.yaml').absolute()}: is not readable YAML: while parsing a flow node expected"
    refused(arms, where, "handof: unknown name 'handof'")
    run = journeys("run", "--config-dir", "mine", "coordination=broken")
    refused(run, where)
    assert len(run.err.splitlines()) == 2
    assert len(arms.err.splitlines()) == 3
    refused(journeys("run", "--config-dir", "mine", "coordination=wrong"), "unknown name 'handof'")


def test_a_folder_set_in_a_file_is_refused(journeys: Journeys) -> None:
    write_place(Path("place"))
    folder = Path("mine/experiment")
    folder.mkdir(parents=True)
    (folder / "one.yaml").write_text("# @package _global_\nscenario:\n  folder: ./place\n")
    answer = journeys("compare", "--config-dir", "mine", "experiment=one")
    refused(answer, "a folder was set in a file")


def test_unknown_command(journeys: Journeys) -> None:
    refused(journeys("cmpare"), "unknown command 'cmpare'", "did you mean 'compare'?")
    refused(journeys("list", "scenaros"), "did you mean 'scenarios'?")
    refused(journeys("compare", "--bogus"), "--bogus")


@pytest.mark.parametrize("path", ["x" * 5000, "~nobody_of_this_name/x"])
def test_paths_that_cannot_be(path: str, journeys: Journeys) -> None:
    refused(journeys("check", "--config-dir", path), "--config-dir: there is no folder")
    refused(journeys("check", f"scenario.folder={path}"), "there is no folder")
    refused(journeys("check", f"scenario={path}"), "scenario")
    if len(path) > 4000:
        refused(journeys("check", f"hydra.run.dir={path}"), "output folder", "cannot be made: File name too long")
