"""main.py: the same bytes from any folder, and one line when something cannot be synthesized."""

import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import pytest

import main
from constructs_lib.settings import load_stacks

ROOT = Path(main.__file__).resolve().parent
APP = ("main.py", "cdktf.json", "constructs_lib", "spacelift")
SECRET = "A-secret-of-the-environment-7"

WRONG: dict[str, tuple[object, str]] = {
    "unknown setting": ({"netwrok": {}}, "netwrok: unknown setting; did you mean network?"),
    "setting out of bounds": (
        {"load_balancer": {"unhealthy_threshold": 11}},
        "load_balancer.unhealthy_threshold = 11: must be a whole number from 2 to 10",
    ),
    "contradiction": (
        {"container": {"cpu": 512, "memory_mib": 512}},
        "container: memory_mib = 512: with cpu = 512, Fargate accepts 1024, 2048, 3072, 4096",
    ),
}


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python main.py` of the copy in `folder`, from elsewhere and without this shell's choices."""
    return subprocess.run(
        [sys.executable, str(folder / "main.py"), *arguments],
        cwd=folder.parent,
        env={**outside_environment(), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def outside_environment() -> dict[str, str]:
    """The environment without what would change a synth."""
    changing = re.compile("TF_|CDKTF_|JSII_DEBUG|PYTHONPATH")
    return {name: value for name, value in os.environ.items() if not changing.match(name)}


def copy(folder: Path) -> Path:
    """The app in a folder of its own."""
    folder.mkdir(parents=True)
    for name in APP[:2]:
        shutil.copy(ROOT / name, folder)
    writing = shutil.ignore_patterns("*.pyc.*")  # what another process is just compiling
    for name in APP[2:]:
        shutil.copytree(ROOT / name, folder / name, ignore=writing)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its relative path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def declare(stacks: dict[str, object]) -> str:
    """A cdktf.json with these stacks."""
    return json.dumps({"language": "python", "context": {"stacks": stacks}})


def test_two_folders_give_identical_bytes_without_their_paths_or_any_secret(
    tmp_path: Path,
) -> None:
    """With different environments, and other folders to run in, on top of it."""
    folders = [copy(tmp_path / "one"), copy(tmp_path / "another" / "deeper")]
    environments = [
        {"TF_VAR_db_password": SECRET, "TF_VAR_db_username": "seven_of_nine"},
        {"PYTHONHASHSEED": "7", "TZ": "Asia/Kolkata", "LC_ALL": "C"},
    ]
    with ThreadPoolExecutor() as both:
        results = both.map(lambda f, e: run(f, **e), folders, environments)
    for result in results:
        assert (result.returncode, result.stdout) == (0, "")
        assert re.fullmatch(r"(note: spacelift: .*\n)?", result.stderr)
    outputs = [files(folder / "cdktf.out") for folder in folders]
    assert outputs[0] == outputs[1]

    stacks = load_stacks(ROOT / "cdktf.json")
    assert {path for path in outputs[0] if path.endswith("cdk.tf.json")} == {
        f"stacks/{stack_id}/cdk.tf.json" for stack_id in [*stacks, "spacelift"]
    }
    everything = b"".join(outputs[0].values()).decode()
    assert len(everything) > 10_000
    paths = [str(tmp_path), tmp_path.name, str(ROOT), str(Path.home()), sys.prefix]
    for never in (*paths, SECRET, "seven_of_nine", "$${", "%%{"):
        assert never not in everything


def test_a_wrong_setting_ends_in_one_line_and_writes_nothing(tmp_path: Path) -> None:
    """One of each kind, with its whole message; all others: test_settings.py."""
    inputs: dict[str, tuple[str | None, str]] = {
        name: (declare({"demo": values}), f"stack demo: {message}")
        for name, (values, message) in WRONG.items()
    }
    inputs["malformed"] = (
        '{"context": {"stacks": }',
        "cdktf.json:1:24: not valid JSON: Expecting value",
    )
    inputs["no stacks"] = (
        "{}",
        "cdktf.json: context.stacks must map stack ids to their settings, "
        'like {"context": {"stacks": {"resilience-platform": {}}}}',
    )
    inputs["no file"] = (None, "cdktf.json: cannot be read: No such file or directory")

    def refused(case: str) -> tuple[int, str, str, set[str]]:
        folder = copy(tmp_path / case)
        cdktf_json, _ = inputs[case]
        if cdktf_json is None:
            (folder / "cdktf.json").unlink()
        else:
            (folder / "cdktf.json").write_text(cdktf_json)
        result = run(folder)
        written = {path.name for path in folder.iterdir()} - set(APP)
        return result.returncode, result.stdout, result.stderr, written

    with ThreadPoolExecutor(2) as pool:
        results = dict(zip(inputs, pool.map(refused, inputs), strict=True))
    assert results == {
        case: (2, "", f"error: {message}\n", set()) for case, (_, message) in inputs.items()
    }


def test_without_node_the_error_is_one_line(tmp_path: Path) -> None:
    folder = copy(tmp_path / "app")
    result = run(folder, JSII_NODE="/nowhere/node")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "error: synth needs Node.js, and '/nowhere/node' is not a program; unset JSII_NODE to use "
        "the one that Pipfile.lock installs\n"
    )
    assert not (folder / "cdktf.out").exists()


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app in this process, with a cdktf.json and an output folder of its own."""
    for name in os.environ.keys() - outside_environment().keys():
        monkeypatch.delenv(name)
    monkeypatch.setattr(main, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["main.py"])
    (tmp_path / "cdktf.json").write_text(declare({"one": {}, "two": {"region": "us-east-1"}}))
    return tmp_path


def test_every_stack_of_the_file_is_written_beside_it(app: Path) -> None:
    assert main.main() == 0
    written = files(app / "cdktf.out")
    assert sorted(path for path in written if path.startswith("stacks/")) == [
        "stacks/one/cdk.tf.json",
        "stacks/two/cdk.tf.json",
    ]
    assert json.loads(written["manifest.json"])["stacks"].keys() == {"one", "two"}


def test_one_stack_can_be_chosen_and_comes_out_the_same(
    app: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main.main() == 0
    both = files(app / "cdktf.out")
    outdir = tmp_path_factory.mktemp("outdir")
    monkeypatch.setattr(sys, "argv", ["main.py", "--stack", "two"])
    monkeypatch.setenv("CDKTF_OUTDIR", str(outdir))
    assert main.main() == 0
    alone = files(outdir)
    assert sorted(alone) == ["manifest.json", "stacks/two/cdk.tf.json"]
    assert alone["stacks/two/cdk.tf.json"] == both["stacks/two/cdk.tf.json"]


def test_variable_files_apply_to_every_stack_and_go_with_their_source(app: Path) -> None:
    """Terraform reads in the stack's folder what cdktf passes to it from beside cdktf.json."""
    (app / "terraform.tfvars").write_text('alarm_email = "ops@example.com"')
    (app / "more.auto.tfvars").write_text("desired_count = 3")
    (app / "other.tfvars").write_text("desired_count = 4")
    folders = [app / "cdktf.out" / "stacks" / stack_id for stack_id in ("one", "two")]
    assert main.main() == 0
    for folder in folders:
        assert {file.name for file in folder.glob("*.tfvars")} == {
            "terraform.tfvars",
            "more.auto.tfvars",
        }
        assert (folder / "terraform.tfvars").read_text() == 'alarm_email = "ops@example.com"'

    (app / "terraform.tfvars").unlink()
    assert main.main() == 0
    for folder in folders:
        assert [file.name for file in folder.iterdir() if file.suffix == ".tfvars"] == [
            "more.auto.tfvars"
        ]


def test_a_variable_file_in_the_stacks_folder_is_not_overwritten(
    app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor is it left to win over the one beside cdktf.json."""
    assert main.main() == 0
    own = app / "cdktf.out" / "stacks" / "one" / "terraform.tfvars"
    own.write_text("desired_count = 3")
    assert main.main() == 0  # alone, it is the user's own affair
    (app / "terraform.tfvars").write_text("desired_count = 4")
    assert main.main() == 2
    assert capsys.readouterr().err == (
        f"error: {own} is in the way of a link to the terraform.tfvars beside cdktf.json, which "
        "applies to every stack; move its values there, and delete it\n"
    )
    assert own.read_text() == "desired_count = 3"


def test_what_only_the_finished_stack_shows_writes_nothing_either(
    app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = {"overrides": {"aws_lb.mian": {"idle_timeout": 120}}}
    (app / "cdktf.json").write_text(declare({"one": {}, "two": values}))
    assert main.main() == 2
    assert capsys.readouterr().err.startswith(
        "error: stack two: overrides: aws_lb.mian is not in the stack; "
    )
    assert not (app / "cdktf.out").exists()


def test_an_unknown_stack_is_refused_with_those_there_are(
    app: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["main.py", "--stack", "three\n"])
    assert main.main() == 2
    assert capsys.readouterr().err == (
        "error: stack 'three\\n' is not in cdktf.json, which declares one, two; choose one of them "
        "or add it under context.stacks\n"
    )
    assert not (app / "cdktf.out").exists()


def test_one_wrong_stack_keeps_all_from_being_written(
    app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (app / "cdktf.json").write_text(declare({"one": {}, "two": {"region": 7}}))
    assert main.main() == 2
    error = capsys.readouterr().err
    assert error.startswith("error: stack two: region = 7: must be one of af-south-1, ap-east-1, ")
    assert error.endswith("; write it in quotes\n")
    assert error.count("\n") == 1
    assert not (app / "cdktf.out").exists()


def test_a_spacelift_run_writes_no_backend(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even an empty one: the file is checked as written."""
    monkeypatch.setenv("TF_VAR_spacelift_run_id", "01HZY0000000000000000000000")
    backend = {"type": "s3", "bucket": "abc", "region": "eu-west-1"}
    (app / "cdktf.json").write_text(declare({"one": {}, "two": {"backend": backend}}))
    assert main.main() == 0
    for stack_id in ("one", "two"):
        written = (app / "cdktf.out" / "stacks" / stack_id / "cdk.tf.json").read_text()
        terraform = json.loads(written)["terraform"]
        assert sorted(terraform) == ["required_providers", "required_version"]


def test_a_failure_of_cdktf_is_one_line_too(
    app: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Here: the output folder cannot be made, because a file is in its way."""
    monkeypatch.setenv("CDKTF_OUTDIR", str(app / "cdktf.json" / "out"))
    assert main.main() == 1
    error = capsys.readouterr().err
    assert error.startswith("error: synth failed: ENOTDIR: not a directory")
    assert error.endswith(" (JSII_DEBUG=1 shows all of it)\n")
    assert error.count("\n") == 1


def test_a_failure_of_jsii_itself_is_one_line_too(
    app: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import constructs_lib.platform
    from jsii.errors import JSIIError  # isort: skip

    def fail(*_: object, **__: object) -> NoReturn:
        raise JSIIError("Got 'undefined'\n  at kernel")

    monkeypatch.setattr(constructs_lib.platform, "ResiliencePlatform", fail)
    assert main.main() == 1
    assert capsys.readouterr().err == (
        "error: synth failed: Got 'undefined' (JSII_DEBUG=1 shows all of it)\n"
    )


def test_debugging_shows_the_whole_failure(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDKTF_OUTDIR", str(app / "cdktf.json" / "out"))
    monkeypatch.setenv("JSII_DEBUG", "1")
    with pytest.raises(RuntimeError, match="ENOTDIR"):
        main.main()
