"""The command line as its users meet it: real processes, real files, exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from motionsight_core.evaluation import open_benchmark
from tests.flows.conftest import ONE_DECODER, columns, command
from tests.videos import moving_texture, write_audio, write_video
from tests.warm import WarmCommand, environment


def test_annotating_a_folder_answers_in_sql(motionsight_process, ask, scenes: Path) -> None:
    done = motionsight_process("annotate", str(scenes))
    assert done.code == 0, done.err
    assert "Annotated 4 clips" in done.out
    assert "failed 0" in done.out
    rows = ask("SELECT * FROM motion")
    assert len(rows) == 4
    for row in rows:
        assert (row["annotator"], row["width"], row["height"], row["codec"]) == ("measured", 240, 136, "h264")
        assert row["object_motion"].endswith(".")
        assert row["camera_motion"].endswith(".")
        assert row["start_s"] == 0
        assert row["end_s"] == pytest.approx(2.0)
    (run,) = ask("SELECT * FROM runs")
    assert (run["planned"], run["annotated"], run["skipped"], run["failed"]) == (4, 4, 0, 0)
    assert run["finished_at"] is not None
    assert json.loads(run["settings"])["annotator"] == "measured"


@pytest.fixture(scope="module")
def annotated_once(warm_command: WarmCommand, scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which four clips were annotated; copy before changing."""
    folder = tmp_path_factory.mktemp("annotated")
    code, _, said = warm_command.run(
        ["annotate", str(scenes)], cwd=folder, environment=environment() | ONE_DECODER
    )
    assert code == 0, said
    return folder


@pytest.fixture
def annotated(annotated_once: Path, tmp_path: Path) -> None:
    """What that run left is in the folder in which commands run."""
    shutil.copytree(annotated_once, tmp_path, dirs_exist_ok=True)


@pytest.mark.usefixtures("annotated")
def test_a_second_run_skips_everything_and_writes_nothing(motionsight, ask, scenes: Path) -> None:
    before = ask("SELECT * FROM motion ORDER BY clip_id")
    done = motionsight("annotate", str(scenes))
    assert done.code == 0
    assert "Annotated 0 clips" in done.out
    assert "skipped 4" in done.out
    assert ask("SELECT * FROM motion ORDER BY clip_id") == before
    assert ask("SELECT planned, annotated, skipped FROM runs ORDER BY started_at DESC LIMIT 1") == [
        {"planned": 4, "annotated": 0, "skipped": 4}
    ]


@pytest.mark.long
def test_changed_content_annotates_that_video_only_and_keeps_the_old_row(
    motionsight, ask, scenes, tmp_path
) -> None:
    (tmp_path / "clips").mkdir()
    first, second = (shutil.copy(clip, tmp_path / "clips") for clip in sorted(scenes.glob("*.mp4"))[:2])
    assert motionsight("annotate", "clips").code == 0
    shutil.copyfile(second, first)
    done = motionsight("annotate", "clips")
    assert "Annotated 1 clips" in done.out
    assert "skipped 1" in done.out
    assert len(ask("SELECT * FROM motion")) == 3
    assert len(ask("SELECT * FROM latest_motion")) == 2
    versions = ask(f"SELECT DISTINCT version FROM motion WHERE uri = '{first}'")  # noqa: S608
    assert len(versions) == 2


@pytest.mark.long
@pytest.mark.usefixtures("annotated")
def test_force_replaces_rows_without_duplicating_them(motionsight, ask, scenes: Path) -> None:
    before = ask("SELECT * FROM motion ORDER BY clip_id")
    done = motionsight("annotate", str(scenes), "--force")
    assert "Annotated 4 clips" in done.out
    after = ask("SELECT * FROM motion ORDER BY clip_id")
    assert columns(after, "clip_id") == columns(before, "clip_id")
    for old, new in zip(before, after, strict=True):
        assert new["annotated_at"] > old["annotated_at"]
        assert new["run_id"] != old["run_id"]
        volatile = {"annotated_at", "run_id"}
        assert {k: v for k, v in old.items() if k not in volatile} == {
            k: v for k, v in new.items() if k not in volatile
        }


@pytest.mark.long
@pytest.mark.usefixtures("annotated")
def test_another_recipe_adds_rows_and_keeps_the_old_ones(motionsight, ask, scenes: Path) -> None:
    assert motionsight("annotate", str(scenes), "--set", "measure.pan=0.03").code == 0
    assert ask("SELECT count(*) AS n, count(DISTINCT recipe) AS r FROM motion") == [{"n": 8, "r": 2}]
    assert len(ask("SELECT * FROM latest_motion")) == 4


@pytest.mark.long
def test_windows_split_a_video_and_are_skipped_clip_by_clip(motionsight, ask, tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    write_video(tmp_path / "clips" / "long.mp4", moving_texture(100))
    window = ("--set", "clips.window_s=1.5")
    assert "Annotated 3 clips" in motionsight("annotate", "clips", *window).out
    assert ask("SELECT start_s, end_s FROM motion ORDER BY start_s") == [
        {"start_s": 0.0, "end_s": 1.5},
        {"start_s": 1.5, "end_s": 3.0},
        {"start_s": 3.0, "end_s": 4.0},
    ]
    again = motionsight("annotate", "clips", *window).out
    assert "Annotated 0 clips" in again
    assert "skipped 3" in again


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A video with a name of its kind, one without a suffix, one behind a link, and other files."""
    folder = tmp_path / "mixed"
    (folder / "deep").mkdir(parents=True)
    write_video(folder / "named.gif", moving_texture(30), codec="gif", pix_fmt="rgb8")
    write_video(folder / "x.mp4", moving_texture(30)).rename(folder / "0f3a")
    (tmp_path / "elsewhere").mkdir()
    write_video(tmp_path / "elsewhere" / "linked.mkv", moving_texture(30))
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    (folder / "loop").symlink_to(".")
    (folder / "notes.txt").write_text("Nothing moved.")
    (folder / "deep" / "more.TXT").write_text("Still nothing.")
    return folder


@pytest.mark.long
def test_what_is_passed_over_is_counted_in_one_line_and_can_be_looked_into(
    motionsight, ask, mixed: Path
) -> None:
    done = motionsight("annotate", str(mixed))
    assert done.code == 0, done.err
    assert "Annotated 2 clips" in done.out
    assert (
        "3 files passed over: names that are not a video's (.txt 2, none 1); --all-files looks into them."
    ) in done.out.splitlines()
    done = motionsight("annotate", str(mixed), "--all-files")
    assert "Annotated 1 clips" in done.out
    assert "skipped 2, failed 0" in done.out
    assert "2 files passed over: contents that are not a video's (.txt 2)." in done.out.splitlines()
    assert [Path(row["uri"]).name for row in ask("SELECT uri FROM motion ORDER BY uri")] == [
        "0f3a",
        "linked.mkv",
        "named.gif",
    ]
    assert ask("SELECT count(DISTINCT recipe) AS recipes FROM motion") == [{"recipes": 1}]
    assert ask("SELECT * FROM failures") == []


@pytest.mark.long
def test_backfill_and_watch_count_and_look_into_other_files_too(motionsight, mixed: Path) -> None:
    said = "3 files passed over: names that are not a video's (.txt 2, none 1); --all-files looks into them."
    done = motionsight("watch", str(mixed), "--rounds", "2", "--every", "0", "--settle", "0")
    assert done.out.count(said) == 1, "once, not in each round"
    done = motionsight("backfill", str(mixed), "--shards", "2")
    assert said in done.out.splitlines()
    done = motionsight("backfill", str(mixed), "--shards", "2", "--all-files")
    assert "Annotated 1 clips, failed 0" in done.out
    assert "2 files passed over: contents that are not a video's (.txt 2)." in done.out.splitlines()
    done = motionsight("watch", str(mixed), "--rounds", "1", "--settle", "0", "--all-files")
    assert "nothing new among 5 files." in done.out


def hostile(tmp_path: Path) -> Path:
    """Good clips beside everything that is not one."""
    folder = tmp_path / "hostile"
    folder.mkdir()
    good = write_video(folder / "good.mp4", moving_texture(60))
    whole = good.read_bytes()
    (folder / "text.mp4").write_text("no video at all\n" * 20)
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "truncated.mp4").write_bytes(whole[: len(whole) // 2])
    write_audio(folder / "audio.mp4")
    (folder / "playlist.mp4").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{good}\n#EXT-X-ENDLIST\n"
    )
    write_video(folder / "one_frame.mp4", moving_texture(1))
    write_video(folder / "odd.mp4", moving_texture(30, width=319, height=241), pix_fmt="yuv444p")
    write_video(folder / "phone.mp4", moving_texture(30), rotation=-90)
    Path(os.fsdecode(os.fsencode(str(folder)) + b"/caf\xe9.mp4")).write_bytes(whole)
    return folder


@pytest.mark.long
def test_bad_files_are_failures_that_are_not_tried_again_until_they_are_mended(
    motionsight, ask, tmp_path: Path
) -> None:
    folder = hostile(tmp_path)
    done = motionsight("annotate", str(folder))
    assert done.code == 0, done.err
    assert "Annotated 4 clips" in done.out
    assert "failed 6" in done.out
    failures = {
        Path(row["uri"]).name: (row["stage"], row["error"])
        for row in ask("SELECT * FROM failures WHERE clip_id IS NULL")
    }
    assert failures == {
        "text.mp4": ("plan", "NotAVideo"),
        "empty.mp4": ("plan", "NotAVideo"),
        "truncated.mp4": ("plan", "Truncated"),
        "audio.mp4": ("plan", "NoVideoStream"),
        "playlist.mp4": ("plan", "ForbiddenProtocol"),
        "caf\\xe9.mp4": ("list", "UnusableName"),
    }
    rows = {Path(row["uri"]).name: row for row in ask("SELECT * FROM motion")}
    assert {name: (row["width"], row["height"]) for name, row in rows.items()} == {
        "good.mp4": (160, 96),
        "one_frame.mp4": (160, 96),
        "odd.mp4": (319, 241),
        "phone.mp4": (96, 160),
    }
    assert [move["label"] for move in rows["good.mp4"]["camera_moves"]] == ["pan_right"]
    assert [move["label"] for move in rows["phone.mp4"]["camera_moves"]] == ["tilt_down"]
    assert [move["label"] for move in rows["one_frame.mp4"]["camera_moves"]] == ["static"]

    again = motionsight("annotate", str(folder))
    assert again.code == 0
    assert "Annotated 0 clips" in again.out
    assert "failed 0" in again.out
    assert "6 failed before and would again" in again.out
    assert len(ask("SELECT * FROM failures")) == 6
    write_video(folder / "truncated.mp4", moving_texture(40))
    assert "Annotated 1 clips" in motionsight("annotate", str(folder)).out
    assert len(ask("SELECT * FROM failures WHERE error = 'Truncated'")) == 1, "of the version that was cut"


@pytest.mark.long
def test_scenes_renders_videos_and_their_truth(motionsight, tmp_path: Path) -> None:
    done = motionsight("scenes", "made", "--count", "3", "--seed", "7")
    assert done.code == 0, done.err
    truth = json.loads((tmp_path / "made" / "truth.json").read_text())
    assert sorted(path.name for path in (tmp_path / "made").glob("*.mp4")) == sorted(
        item["file"] for item in truth
    )
    assert len(truth) == 3


@pytest.mark.long
def test_scenes_with_questions_are_read_as_motionbench(motionsight, tmp_path: Path) -> None:
    done = motionsight("scenes", "made", "--count", "3", "--seed", "7", "--questions", "asked.jsonl")
    assert done.code == 0, done.err
    assert "Wrote 5 questions about them to asked.jsonl." in done.out
    found = open_benchmark("motionbench").read(tmp_path / "asked.jsonl")
    assert not found.rejected
    assert {one.video for one in found.questions} == {path.name for path in (tmp_path / "made").glob("*.mp4")}
    assert (tmp_path / "made" / "truth.json").exists()


def test_scenes_for_questions_are_never_stressed(motionsight) -> None:
    done = motionsight("scenes", "made", "--stressed", "0.5", "--questions", "asked.jsonl")
    assert done.code == 2
    assert "leave out --stressed or --questions" in done.err


@pytest.mark.usefixtures("annotated")
def test_answers_come_as_a_table_csv_or_json(motionsight, scenes: Path) -> None:
    query = "SELECT parse_filename(uri) AS clip, steadiness, cuts FROM motion ORDER BY uri"
    names = sorted(path.name for path in scenes.glob("*.mp4"))
    table = motionsight("sql", query).out
    assert all(name in table for name in names)
    rows = list(csv.DictReader(io.StringIO(motionsight("sql", query, "--format", "csv").out)))
    assert columns(rows, "clip") == names
    assert all(isinstance(json.loads(row["cuts"]), list) for row in rows)
    rows = json.loads(motionsight("sql", "-", "--format", "json", input=query).out)
    assert columns(rows, "clip") == names


def test_text_in_rows_cannot_drive_the_terminal(motionsight, ask, tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "evil\x1b[2J\nname.mp4").write_text("no video")
    done = motionsight("annotate", "clips")
    assert done.code == 0
    assert "\x1b[2J" not in done.out
    assert "\x1b[2J" not in motionsight("sql", "SELECT uri FROM failures").out
    assert ask("SELECT uri FROM failures")[0]["uri"].endswith("evil\x1b[2J\nname.mp4"), (
        "the row keeps the name"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["annotate", "absent"], "no file, directory or glob match at 'absent'"),
        (["annotate", ".", "--set", "sampling.frame=8"], "no setting sampling.frame"),
        (["annotate", ".", "--set", "sampling.frame=8"], "did you mean sampling.frames?"),
        (["annotate", ".", "--set", "limits.wall_s=inf"], "limits.wall_s: input should be a finite number"),
        (["annotate", ".", "--set", "limits.wall_s=nan"], "limits.wall_s: input should be a finite number"),
        (["annotate", ".", "--set", "limits.wall_s=-1"], "limits.wall_s: input should be greater than 0"),
        (["watch", ".", "--every", "inf"], "Invalid value for '--every'"),
        (["watch", ".", "--settle", "nan"], "nan is not a finite number"),
        (["backfill", ".", "--hourly-cost", "inf"], "inf is not a finite number"),
        (["annotate", ".", "--set", "annotator=magic"], "no annotator 'magic'"),
        (["annotate", ".", "--warehouse", "oracle:x"], "no warehouse 'oracle:x'"),
        (["annotate", ".", "--settings", "absent.toml"], "Cannot read the settings file absent.toml"),
        (["sql", "SELECT 1"], "`motionsight annotate` makes one"),
        (["dance"], "No such command 'dance'"),
        (["scenes", "x", "--count", "0"], "0 is not in the range"),
    ],
)
def test_a_usage_error_is_one_clear_sentence_and_exit_code_2(
    motionsight, arguments: list[str], words: str
) -> None:
    done = motionsight(*arguments)
    assert done.code == 2
    assert words in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("arguments", [["annotate", "."], ["sql", "SELECT 1"], ["report"], ["ask", "x", "y"]])
def test_a_misspelt_variable_is_a_usage_error_of_every_command(
    motionsight_process, arguments: list[str]
) -> None:
    done = motionsight_process(*arguments, variables={"MOTIONSIGHT_WAREHOSE": "duckdb:x"})
    assert done.code == 2
    assert "no environment variable MOTIONSIGHT_WAREHOSE (did you mean MOTIONSIGHT_WAREHOUSE?)" in done.err


def test_doctor_finds_a_misspelt_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows.cli.doctor import _variables
    from flows.cli.findings import State

    assert list(_variables()) == []
    monkeypatch.setenv("MOTIONSIGHT_SAMPLING_FRAMES", "8")
    (finding,) = _variables()
    assert finding.state is State.BAD
    assert "did you mean MOTIONSIGHT_SAMPLING__FRAMES?" in finding.detail


def test_doctor_says_what_is_wrong_with_what_names_tracks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.cli.doctor_naming import namers
    from flows.cli.findings import State
    from motionsight_core.naming import model_file

    (whole,) = namers()
    assert whole.state is State.GOOD and model_file.IDENTITY in whole.detail
    monkeypatch.setattr(model_file, "PATH", tmp_path / "absent.onnx")
    monkeypatch.setenv("MOTIONSIGHT_NAMING__MODEL", "transformers:./nowhere")
    packaged, other = namers()
    assert packaged.state is State.BAD and "tracks get no names; reinstall motionsight" in packaged.detail
    assert other.state is State.BAD and "nowhere is not there" in other.detail


def test_a_run_that_cannot_finish_exits_with_1(motionsight, scenes: Path, tmp_path: Path) -> None:
    (tmp_path / "motionsight.duckdb").write_text("this is no database")
    done = motionsight("annotate", str(scenes))
    assert done.code == 1
    assert "Cannot open" in done.err
    assert "Traceback" not in done.err


def test_an_empty_folder_is_a_finished_run(motionsight, tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    done = motionsight("annotate", "clips")
    assert done.code == 0
    assert "Annotated 0 clips" in done.out


def test_help_imports_nothing_heavy() -> None:
    """Half a second is the contract; what takes longer are these imports, not the clock of a busy machine."""
    program = (
        "import sys, flows.cli\n"
        "try:\n    flows.cli.main(['annotate', '--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'apache_beam', 'prefect', 'cv2', 'av', 'duckdb', 'numpy', 'pyarrow', 'rich'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run(
        [*command()[:1], "-c", program], capture_output=True, text=True, env=environment(), check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Usage: motionsight annotate" in done.stdout


def test_nothing_is_left_beside_the_warehouse(annotated_once: Path) -> None:
    assert [path.name for path in annotated_once.iterdir()] == ["motionsight.duckdb"]


def test_doctor_finds_what_works_and_what_is_missing(motionsight_process) -> None:
    done = motionsight_process("doctor")
    assert done.code == 0, done.out
    assert "[ok] Decoding" in done.out
    assert "Sandbox, Landlock: " in done.out
    assert "Sandbox, seccomp: " in done.out
    assert "Ready to annotate." in done.out


@pytest.mark.long
def test_doctor_notices_a_folder_that_hides_our_modules(motionsight_process, tmp_path: Path) -> None:
    stranger = tmp_path / "transforms"
    stranger.mkdir()
    (stranger / "__init__.py").write_text("")
    done = motionsight_process(
        "doctor", cwd=tmp_path
    )  # python -m puts the folder first, as a script there would
    assert done.code == 1
    assert "another folder of that name hides ours" in done.out


def test_ctrl_c_ends_the_run_and_its_decoders(motionsight, ask, scenes: Path, tmp_path: Path) -> None:
    import signal

    run = subprocess.Popen(
        command("annotate", str(scenes)), cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True
    )
    assert run.stderr is not None
    assert "4 videos" in run.stderr.readline()
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "running again goes on from there" in err
    deadline = time.monotonic() + 20
    while decoders_of(run.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not decoders_of(run.pid)
    assert motionsight("annotate", str(scenes)).code == 0
    assert len(ask("SELECT * FROM motion")) == 4


def decoders_of(parent: int) -> list[str]:
    """Command lines of decoding processes that were started by a process."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (entry / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if any("guarded.child" in argument for argument in arguments) and str(parent) in arguments:
            found.append(" ".join(arguments))
    return found
