"""The command line: each command's outcome and exit status, and errors in one message without a traceback."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from superposition import bench, claims, cli, runs
from superposition.book import build, freeze, pictures
from superposition.estimates import Estimate
from superposition.tolerances import AtLeast, Tolerance


@pytest.fixture
def command(monkeypatch, capsys):
    """Run a command; returns exit status, stdout, stderr."""

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["superposition", *words])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        code, (out, err) = caught.value.code, capsys.readouterr()
        if isinstance(code, str):  # as the interpreter does
            code, err = 1, err + code
        return code or 0, out, err

    return call


@pytest.fixture
def walk(scratch):
    return scratch.experiment("walk", "steps = 30\n[quick]\nsteps = 5")


def loaded_by(code: str, **environment: str) -> tuple[str, set[str]]:
    """What the code prints, in a Python of its own, and all modules that it imports."""
    code = f"import sys\ntry:\n    {code}\nfinally:\n    print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | environment)
    assert done.returncode == 0, done.stderr
    return done.stdout, set(done.stdout.split())


def test_help_imports_none_of_the_heavy_libraries(scratch):
    said, modules = loaded_by(
        "sys.argv[1:] = ['--help']; from superposition import cli; cli.main()", SUPERPOSITION_ROOT=str(scratch.root)
    )
    assert "superposition run toy/intro --quick" in said
    assert not {"numpy", "torch", "pyarrow", "matplotlib", "pydantic"} & modules


def test_list_imports_no_experiment_and_nothing_that_computes_or_draws():
    said, modules = loaded_by("sys.argv[1:] = ['list']; from superposition import cli; cli.main()")
    assert "toy/intro" in said
    assert not {"torch", "numba", "matplotlib", "scipy", "superposition.toy", "superposition.toy.intro"} & modules


def test_a_part_imports_nothing_until_it_is_asked():
    _, modules = loaded_by("import superposition.toy, superposition.addition, superposition.stories")
    assert not {"numpy", "torch", "numba"} & modules
    _, modules = loaded_by("from superposition.stories import export, load; assert callable(load)")
    assert "superposition.stories.engine.models" in modules


COMMANDS = [command.name or command.callback.__name__ for command in cli.app.registered_commands]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_in_its_help_and_names_only_experiments_that_there_are(command, name):
    code, out, _ = command(name, "--help")
    assert code == 0
    assert f"Example:  superposition {name}" in out
    made = {"toy/mine"} if name == "new" else set()
    parts = "|".join({one.partition("/")[0] for one in runs.names()})
    assert set(re.findall(rf"\b(?:{parts})/\w+", out)) <= {*runs.names(), *made}


def test_list_shows_what_there_is_and_whether_it_is_fresh(command, walk, scratch):
    scratch.experiment("other")
    runs.run(walk)
    code, out, _ = command("list")
    rows = {line.split()[0]: line.split()[-1] for line in out.splitlines()}
    assert code == 0
    assert (rows["toy/walk"], rows["toy/other"]) == ("fresh", "stale")


def test_run_stores_and_prints_time_place_and_metrics(command, walk, scratch):
    code, out, err = command("run", walk, "--device", "cpu")
    assert (code, err) == (0, "")
    assert "toy/walk: " in out and " s on cpu, stored in data/toy/walk" in out
    assert f"mean {runs.load(walk).metrics['mean']:.6g}" in " ".join(out.split())


def test_a_run_ends_with_the_command_that_shows_its_pictures(command, walk, tmp_path):
    assert command("run", walk, "--quick")[1].endswith("its pictures: superposition show toy/walk --quick\n")
    assert command("run", walk, "--out", str(tmp_path / "out"))[1].endswith(f"show toy/walk --results {tmp_path / 'out'}\n")


def test_a_freeze_writes_nothing_where_a_chapter_cannot_bear_the_new_results(command, scratch, monkeypatch):
    def refuse(chapter, changed):
        raise pictures.PictureError(f"{chapter} can't bear {changed}")

    monkeypatch.setattr(freeze, "with_other_results", lambda names: {"chapters/toy/walk.qmd": ["toy/walk"]})
    monkeypatch.setattr(pictures, "check", refuse)
    monkeypatch.setattr(freeze, "refresh", lambda names: pytest.fail("refreshed"))
    code, _, err = command("freeze", "toy/walk")
    assert code == 1 and "superposition: chapters/toy/walk.qmd can't bear ['toy/walk']" in err


def test_run_takes_several_names_quick_and_a_folder(command, walk, scratch, tmp_path):
    other = scratch.experiment("other", "[quick]\nsteps = 2")
    assert command("run", walk, other, "--quick", "--out", str(tmp_path / "out"))[0] == 0
    assert runs.load(walk, tmp_path / "out/toy/walk", quick=True)["path"].shape == (5, 2)
    assert runs.load(other, tmp_path / "out/toy/other", quick=True)["path"].shape == (2, 2)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "toy/wlak"], "Did you mean toy/walk?"),
        (["run", "toy/faulty"], "data/toy/faulty/config.toml: steps: expected an integer, got 'x'"),
        (["claims", "toy/nowhere"], "no claims of chapter 'toy/nowhere'"),
        (["bench", "nothing at all"], "no comparison is named 'nothing at all'"),
    ],
)
def test_our_errors_are_one_message_and_exit_status_1(command, walk, scratch, monkeypatch, words, message):
    scratch.experiment("faulty", "steps = 'x'")
    monkeypatch.setattr(claims, "_registered", {})
    monkeypatch.setattr(claims, "iter_modules", lambda *_: [])  # else the book's claims would register here, and be lost
    monkeypatch.setattr(bench, "parts", lambda: [])
    code, _, err = command(*words)
    assert code == 1
    assert err.startswith("superposition: ") and message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "message"),
    [(["rnu"], "Did you mean 'run'?"), (["run"], "Missing argument"), (["run", "x", "--device", "tpu"], "'tpu' is not one of")],
)
def test_misspelt_usage_exits_with_2_and_the_nearest_name(command, scratch, words, message):
    code, _, err = command(*words)
    assert code == 2
    assert message in " ".join(err.split())


def test_a_fault_in_the_last_name_is_found_before_the_first_is_computed(command, walk, scratch):
    code, out, err = command("run", walk, "toy/wlak")
    assert (code, out) == (1, "") and "Did you mean toy/walk?" in err
    assert not (scratch.root / "data/toy/walk/record.json").exists()


def test_other_errors_keep_their_traceback(scratch, monkeypatch):
    name = scratch.experiment("broken", "", scratch.WALK.replace("time.sleep(config.pause)", "1 / 0"))
    monkeypatch.setattr(sys, "argv", ["superposition", "run", name])
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_away_from_the_repository_the_way_out_is_said(command, tmp_path, monkeypatch):
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(tmp_path))
    code, _, err = command("list")
    assert code == 1
    assert "set SUPERPOSITION_ROOT" in err


@pytest.mark.parametrize(
    ("every", "said"),
    [
        (0, "its checkpoint is kept, and `superposition run toy/walk` goes on from there"),
        (1e9, "no checkpoint was due yet, so `superposition run toy/walk` starts anew"),
    ],
)
def test_ctrl_c_says_how_to_go_on_and_exits_with_130(scratch, every, said):
    name = scratch.experiment("walk", "steps = 20000\npause = 0.05")
    code = (
        f"import sys; from superposition import cli, runs; runs.Job.checkpoint_seconds = {every}\n"
        f"sys.argv[1:] = ['run', {name!r}, '--device', 'cpu']; cli.main()"
    )
    with scratch.start(code) as process:
        process.stdout.readline()
        while not (every or any(runs.checkpoints(name).glob("*.safetensors"))) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 130
    assert err.strip() == f"toy/walk: stopped: {said}"


def test_status_lists_results_then_chapters_with_commands_and_exits_with_1(command, walk, monkeypatch):
    monkeypatch.setattr(freeze, "status", lambda: [("chapters/toy/intro.qmd", "its source has changed", "make freeze")])
    code, out, _ = command("status")
    assert code == 1
    assert out == (
        "toy/walk\n  data/toy/walk: holds no results yet. Way out: superposition run toy/walk, or git checkout -- data/toy/walk\n"
        "  refresh: superposition run toy/walk\n"
        "chapters/toy/intro.qmd\n  its source has changed\n  refresh: make freeze\n"
    )


def test_status_of_a_fresh_book_exits_with_0(command, walk, monkeypatch):
    monkeypatch.setattr(freeze, "status", lambda: [])
    runs.run(walk)
    code, out, _ = command("status")
    assert (code, out.splitlines()[-1]) == (0, "All results, assets and chapters are fresh.")


ROW = {"name": "toy 5/2x10", "ours_ms": 0.5, "reference_ms": 2.0, "ratio": 4.0, "peak": 0.25, "what": "ours against einsum"}


def test_bench_prints_a_table_or_nothing_but_json(command, scratch, monkeypatch):
    monkeypatch.setattr(bench, "rows", lambda name: iter([ROW] if name == "toy" else []))
    code, out, _ = command("bench", "toy")
    assert code == 0
    assert (
        out.split()
        == "name ours, ms reference, ms times faster of matrix peak what".split()
        + "toy 5/2x10 0.50 2.00 4.0 25% ours against einsum".split()
    )
    code, out, _ = command("bench", "toy", "--json")
    assert (code, json.loads(out)) == (0, [ROW])


def test_claims_prints_verdicts_and_writes_them_all(command, scratch, monkeypatch):
    runs.run(scratch.experiment("walk"))
    monkeypatch.setattr(claims, "_registered", {})
    monkeypatch.setattr(claims, "iter_modules", lambda *_: [])
    found = claims.Finding(Estimate(0.5, 0.25, 0.75, "seeds", 8), baseline=0.1)
    claims.claim(
        id="toy/walk/a", source="s", statement="é", measure="m", tolerance=Tolerance(partly=AtLeast(0.5)),
        experiments=("toy/walk",), unit="of it",
    )(lambda walk: found)  # fmt: skip
    code, out, _ = command("claims", "toy/walk")
    assert code == 0
    assert out.splitlines()[-1].split() == "toy/walk/a partly 0.5 of it 0.25 to 0.75 0.1 8 seeds".split()
    assert not (scratch.root / "data/claims.json").exists()
    code, out, _ = command("claims", "--write")
    assert code == 0 and "toy/walk/a partly" in " ".join(out.split())
    assert out.splitlines()[-1].startswith("1 new or changed, 0 kept: stored in ")
    written = json.loads((scratch.root / "data/claims.json").read_text())
    assert written == claims.as_json(claims.evaluate())
    code, _, err = command("claims", "toy/walk", "--write")
    assert code == 2 and "leave CHAPTER out" in " ".join(err.split())
    _, out, _ = command("claims", "--write")
    assert out.startswith("0 new or changed, 1 kept: stored in ")
    (scratch.root / "data/claims.json").write_text(json.dumps([written[0] | {"value": 0.4}, written[0] | {"id": "toy/walk/b"}]))
    _, out, _ = command("claims", "--write")
    assert "toy/walk/a partly" in " ".join(out.split())
    assert out.splitlines()[-2] == "toy/walk/b: no longer claimed"
    assert json.loads((scratch.root / "data/claims.json").read_text()) == written


@pytest.fixture
def away(tmp_path, monkeypatch):
    """A folder with weights, and no repository anywhere."""
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(tmp_path / "nowhere"))
    monkeypatch.chdir(tmp_path)
    np.save("pairs.npy", np.vstack([np.eye(3), -np.eye(3)]))
    np.savez("two.npz", good=np.eye(4)[:, :2], broken=np.full((3, 2), np.nan), bias=np.ones(3))
    return tmp_path


def test_measure_works_without_the_repository_and_prints_a_line_a_matrix(command, away):
    code, out, err = command("measure", "pairs.npy")
    assert (code, err) == (0, "")
    header, line, *legends = out.splitlines()
    assert header.split() == "tensor features D_i ‖W‖²/m interference a neuron exp(H) rank m·cos²".split()
    assert line.split()[:6] == "pairs.npy 6 rows in 3 0.500".split()
    assert float(line.split()[6].strip("()")) == pytest.approx(0.40, abs=0.02)  # the mean of 2,000 draws
    assert line.split()[7] == "2.00" and line.split()[12:14] == ["6.0", "3.0"]
    assert "--features" in legends[-1]
    code, out, _ = command("measure", "pairs.npy", "--features", "columns")
    assert "3 columns in 6" in out and "--features" not in out


def test_measure_measures_the_rest_names_what_is_at_fault_and_exits_with_1(command, away):
    code, out, err = command("measure", "two.npz", "nowhere.npy", "--json")
    assert code == 1
    (found,) = json.loads(out)
    assert (found["file"], found["tensor"], found["features"], found["n"], found["m"]) == ("two.npz", "good", "rows", 2, 2)
    assert (found["dimensionality"], found["shape"], found["dtype"]) == (1, [4, 2], "<f8")
    assert err.splitlines() == [
        "two.npz: 1 of 3 tensors have other than two axes, and are left out",
        "two.npz: good: 2 of 4 rows are zero (the first is row 2, from 0): left out",
        "superposition: nowhere.npy: there is no such file",
        "superposition: two.npz: broken: 3 of 3 rows hold NaN, the first is row 0, from 0",
    ]
    assert command("measure", "two.npz", "--only", "good")[0] == 0


def test_measure_draws_where_it_is_asked_to(command, away):
    assert command("measure", "pairs.npy", "--plot", "a.png")[0] == 0
    assert (away / "a.png").read_bytes().startswith(b"\x89PNG")
    code, _, err = command("measure", "pairs.npy", "--plot", "a.txt")
    assert code == 2 and "ends in .png, .svg or .pdf" in " ".join(err.split())
    code, _, err = command("measure", *["pairs.npy"] * 251, "--plot", "b.png")
    assert code == 2 and "draws up to 250 matrices, not 251" in " ".join(err.split()) and not (away / "b.png").exists()
    code, _, err = command("measure", "pairs.npy", "--plot", "pairs.npy/a.png")
    assert code == 1 and "could not write" in err and "Traceback" not in err


def test_a_row_of_a_table_is_one_line_where_there_is_no_terminal(command, away):
    os.rename("pairs.npy", f"{'long' * 30}.npy")
    _, out, _ = command("measure", f"{'long' * 30}.npy")
    assert f"{'long' * 30}.npy" in out.splitlines()[1]


@pytest.mark.parametrize("plain", [False, True])
def test_book_prints_the_page_to_open(command, scratch, monkeypatch, plain):
    asked = []
    monkeypatch.setattr(build, "main", lambda plain: asked.append(plain) or scratch.root / "_book/index.html")
    code, out, _ = command("book", *["--plain"] * plain)
    assert (code, asked) == (0, [plain])
    assert out.strip() == str(scratch.root / "_book/index.html")
