"""What `make image-check` reads and asks for; the check itself takes minutes, root and a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from terrafusion.setup import dockerfile, image_check
from terrafusion.setup.errors import SetupError
from tests.conftest import ROOT


def test_the_dockerfile_is_read_as_docker_reads_it() -> None:
    build, final = dockerfile.parse((ROOT / "docker" / "Dockerfile").read_text())
    assert (build.name, final.name) == ("build", "")
    assert {build.base, final.base} == {"python:3.11-slim"}
    runs = [text for word, text in final.steps if word == "RUN"]
    assert len(runs) == 2
    assert "libgomp1 && rm -rf /var/lib/apt/lists/*     && useradd" not in runs[0]  # continued lines are joined
    assert "&& useradd --system --uid 10001" in runs[0]
    steps = dict(final.steps)
    assert (steps["USER"], steps["EXPOSE"]) == ("10001", "8000")
    assert dockerfile.command(steps["ENTRYPOINT"]) == ["docker/entrypoint.sh"]
    assert dockerfile.command(steps["CMD"]) == ["web"]
    assert dockerfile.health(steps["HEALTHCHECK"])[:2] == ["python", "-c"]
    environment = dockerfile.assignments(steps["ENV"], {"PATH": "/usr/bin"})
    assert environment["PATH"] == "/venv/bin:/usr/bin"
    assert environment["MEDIA_ROOT"] == "/data/media"


def test_a_step_that_the_check_does_not_know_is_refused() -> None:
    with pytest.raises(SetupError, match="has ONBUILD, which the check does not know"):
        dockerfile.parse("FROM python:3.11-slim\nONBUILD RUN true\n")
    with pytest.raises(SetupError, match="has RUN before FROM"):
        dockerfile.parse("# nothing\nRUN true\n")


@pytest.mark.parametrize(
    "text",
    [
        "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\n",
        "# deb http://other.example/debian bookworm main\ndeb http://mirror.example/debian bookworm main\n",
        "deb [signed-by=/k.gpg] http://mirror.example/debian bookworm main\n",
    ],
)
def test_the_mirror_is_that_of_the_machine(tmp_path: Path, text: str) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "debian.sources").write_text(text)
    assert image_check.mirror(tmp_path) == "http://mirror.example/debian"


def test_a_machine_without_a_mirror_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="names no mirror"):
        image_check.mirror(tmp_path)


@pytest.mark.parametrize(("user", "tool", "reason"), [(1000, "/x", "takes root"), (0, None, "debootstrap is not")])
def test_where_it_cannot_run_it_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], user: int, tool: str | None, reason: str
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    monkeypatch.setattr("shutil.which", lambda name: tool)
    assert image_check.main() == 0
    assert reason in capsys.readouterr().err


def test_files_are_copied_as_docker_copies_them(tmp_path: Path) -> None:
    built = tmp_path / "built"
    (built / "venv" / "bin").mkdir(parents=True)
    (built / "venv" / "bin" / "python").write_text("x")
    container = image_check.Container(tmp_path / "root")
    for word, text in (
        ("WORKDIR", "/app"),
        ("COPY", "manage.py ./"),
        ("COPY", "docker/entrypoint.sh docker/"),
        ("COPY", "terrafusion terrafusion"),
        ("COPY", "--from=build /venv /venv"),
    ):
        image_check._step(container, word, text, {"build": built})
    root = tmp_path / "root"
    for name in ("app/manage.py", "app/docker/entrypoint.sh", "app/terrafusion/urls.py", "venv/bin/python"):
        assert (root / name).is_file(), name
    assert not [*root.rglob("__pycache__")]
