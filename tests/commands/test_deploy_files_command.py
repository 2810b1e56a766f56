"""`functions-framework deploy-files`: written or refused, compared, and told in lines."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner

from functions_framework.commands.cli import program
from functions_framework.deployment.platforms import PLATFORMS

pytestmark = pytest.mark.once

SOURCE = """
    import functions_framework

    @functions_framework.http
    def hello(request):
        return "Hello"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Python's own file beside a source, and stale for one that changes within the second.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    directory = tmp_path / "shop"
    directory.mkdir()
    (directory / "main.py").write_text(dedent(SOURCE))
    (directory / "requirements.txt").write_text("functions-framework==4.*\n")
    return directory


def run(directory: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command in this process, and what a process would have given."""
    here = Path.cwd()
    os.chdir(directory)
    try:
        done = CliRunner().invoke(program, ["deploy-files", *arguments], env=variables)
    finally:
        os.chdir(here)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def names(directory: Path) -> list[str]:
    return sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*.*"))


def test_what_is_written_is_told_line_by_line_with_what_deploys_it(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "functions_framework", "deploy-files", "kubernetes", "--image",
         "registry.example/hello:1"],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "Wrote Dockerfile",
        "Wrote .dockerignore",
        "Wrote deployment.yaml",
        "Wrote service.yaml",
        "Wrote autoscaler.yaml",
        "Deploy:",
        "  docker build --tag registry.example/hello:1 .",
        "  docker push registry.example/hello:1",
        (
            "  kubectl apply --filename deployment.yaml --filename service.yaml "
            "--filename autoscaler.yaml"
        ),
    ]
    again = run(project, "kubernetes", "--image", "registry.example/hello:1")
    assert again.returncode == 0
    assert again.stdout.startswith("Unchanged: Dockerfile\nUnchanged: .dockerignore\n")


def test_what_is_there_is_kept_unless_forced(project: Path) -> None:
    (project / "service.yaml").write_text("mine")
    (project / ".dockerignore").write_text("mine")
    refused = run(project, "knative")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        "Error: Already here, and different: service.yaml. Use --force to overwrite.\n"
    )
    assert "Dockerfile" not in names(project)
    forced = run(project, "knative", "--force")
    assert forced.returncode == 0, forced.stderr
    assert (project / "service.yaml").read_text().startswith("# functions-framework deploy-files")
    assert (project / ".dockerignore").read_text() == "mine"


def test_a_check_names_what_differs_and_writes_nothing(project: Path) -> None:
    missing = run(project, "heroku", "--check")
    assert (missing.returncode, missing.stdout) == (1, "Procfile: not there\n")
    assert not (project / "Procfile").exists()
    assert run(project, "heroku").returncode == 0
    same = run(project, "heroku", "--check")
    assert (same.returncode, same.stdout) == (0, "Procfile: as deploy-files heroku writes it\n")
    (project / "main.py").write_text(dedent(SOURCE).replace("hello", "greet"))
    changed = run(project, "heroku", "--check")
    assert changed.returncode == 1
    assert changed.stdout == "Procfile: differs from what deploy-files heroku writes\n"


def test_the_head_of_a_file_writes_it_again(project: Path) -> None:
    assert run(project, "knative", "--name", "a", "--concurrency", "7", THREADS="9").returncode == 0
    head = (project / "service.yaml").read_text().splitlines()[0].split()
    assert run(project, *head[3:], "--check").returncode == 0
    assert run(project, "knative", "--check").returncode == 1


def test_settings_of_the_project_need_no_flags(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.functions-framework]\ntimeout = 17\n")
    assert run(project, "knative").returncode == 0
    text = (project / "service.yaml").read_text()
    assert text.startswith("# functions-framework deploy-files knative\n")
    assert "timeoutSeconds: 17" in text
    assert run(project, "knative", "--check").returncode == 0


def test_files_elsewhere_and_a_source_below(project: Path) -> None:
    (project / "app").mkdir()
    (project / "main.py").rename(project / "app" / "functions.py")
    done = run(project, "kubernetes", "--source", "app/functions.py", "--output", "deploy/prod")
    assert done.returncode == 0, done.stderr
    assert "  docker build --file deploy/prod/Dockerfile --tag IMAGE ." in done.stdout
    assert "IMAGE stands for the image's name: give it by --image." in done.stdout
    written = project / "deploy" / "prod"
    assert "FUNCTION_SOURCE=app/functions.py" in (written / "Dockerfile").read_text()
    # Where docker looks for it beside a Dockerfile that isn't in the context's root.
    assert (written / "Dockerfile.dockerignore").exists()
    assert names(project)[0].startswith("app/")


def test_a_module_of_a_package_keeps_its_dotted_name(project: Path) -> None:
    (project / "app").mkdir()
    (project / "app" / "__init__.py").write_text("")
    (project / "main.py").rename(project / "app" / "functions.py")
    for platform in ("knative", "aws-lambda"):
        done = run(project, platform, "--target", "app.functions:hello", "--output", "deploy")
        assert done.returncode == 0, done.stderr
    text = (project / "deploy" / "service.yaml").read_text()
    assert "value: app.functions:hello\n" in text
    assert "FUNCTION_SOURCE" not in text
    template = (project / "deploy" / "template.yaml").read_text()
    assert "FUNCTION_TARGET: app.functions:hello\n" in template
    # What a template names is looked for beside it.
    assert 'Code: "../build"\n' in template
    assert "  cp -R app build/" in done.stdout


def test_what_will_not_work_is_warned_of(project: Path) -> None:
    (project / "main.py").write_text(dedent(SOURCE).replace("return", "yield"))
    done = run(project, "aws-lambda")
    assert done.returncode == 0
    assert done.stderr == (
        "Warning: AWS Lambda sends a response once it is whole: the parts that 'hello' makes "
        "arrive together, at its end.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["kubernets"], "No platform 'kubernets'. Did you mean 'kubernetes'? There are: aws-"),
        (["Cloud_Run"], "No platform 'Cloud_Run'. Did you mean 'cloud-run'?"),
        (["zzz"], "No platform 'zzz'. There are: aws-lambda, azure, cloud-run"),
        ([], "Missing argument 'PLATFORM'."),
        (["knative", "--name", "My_Shop"], "'My_Shop': expected small letters"),
        (["knative", "--image", "a b"], "'a b': expected an image"),
        (["knative", "--target", "nope"], "is expected to contain a function named 'nope'"),
        (["knative", "--source", "none"], "File none that is expected to define function"),
        (["knative", "--source", ".."], "that is expected to define function"),
        (["knative", "--output", "main.py"], "main.py"),
        (["knative", "--timeout", "x"], "'x'"),
    ],
)  # fmt: skip
def test_wrong_input_is_one_line(project: Path, arguments: list[str], said: str) -> None:
    done = run(project, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    errors = [line for line in done.stderr.splitlines() if not line.startswith("Try ")]
    assert len(errors) == 1
    assert errors[0].startswith("Error: ")
    assert names(project) == ["main.py", "requirements.txt"]


def test_a_source_that_is_elsewhere_has_no_image(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = run(elsewhere, "knative", "--source", str(project))
    assert (done.returncode, done.stdout) == (2, "")
    assert "isn't below" in done.stderr
    assert "Run this in the directory of the project." in done.stderr


def test_a_file_in_the_way_leaves_nothing_behind(project: Path) -> None:
    (project / "hello").write_text("a file where azure wants a directory")
    done = run(project, "azure")
    assert (done.returncode, done.stdout) == (2, "")
    assert "hello" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (project / "host.json").exists()


@pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_named(project: Path) -> None:
    project.chmod(0o500)
    done = run(project, "heroku")
    project.chmod(0o700)
    assert done.returncode == 2
    assert "Procfile cannot be written: Permission denied." in done.stderr


def test_a_source_without_functions_and_one_that_fails(project: Path) -> None:
    (project / "main.py").write_text("x = 1\n")
    nothing = run(project, "knative")
    assert (nothing.returncode, nothing.stdout) == (2, "")
    (project / "main.py").write_text("1 / 0\n")
    failed = run(project, "knative")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "ZeroDivisionError" in failed.stderr
    (project / "main.py").write_text("import os\nos.environ['KEY_THAT_IS_NOT_SET']\n")
    needed = run(project, "knative")
    assert needed.returncode == 2
    assert "KEY_THAT_IS_NOT_SET (main.py:2)" in needed.stderr


def test_a_store_that_isnt_there_is_not_asked(project: Path) -> None:
    decorated = dedent(SOURCE).replace(
        "@functions_framework.http",
        "@functions_framework.idempotent(store='redis://redis.invalid:6379/0')\n"
        "@functions_framework.http",
    )
    (project / "main.py").write_text(decorated)
    assert run(project, "kubernetes").returncode == 0


def test_every_platform_is_named_in_the_help(project: Path) -> None:
    shown = "".join(run(project, "--help").stdout.split())
    assert all(name in shown for name in PLATFORMS)
