"""``make image-check``: the steps of docker/Dockerfile, run without Docker, and the web process asked for its health.

Each stage is a folder that debootstrap fills with Debian, which stands for the base image: the release whose Python is
that of the image. RUN runs in it (chroot), COPY copies into it, USER and ENV hold. Then the entrypoint starts in the
last stage as in a container, and the image's own HEALTHCHECK is run until it succeeds.

Needs root, debootstrap, and a way to Debian's packages and PyPI: the mirror is that of this machine's apt, pip's
settings are those of its environment. Without the first two it says so and checks nothing.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from terrafusion.setup import dockerfile
from terrafusion.setup.dockerfile import Stage
from terrafusion.setup.errors import SetupError

PROJECT = Path(__file__).resolve().parent.parent.parent
FOLDER = PROJECT / "build" / "image"
_RELEASES = {"3.11": "bookworm"}
"""Debian's release with this Python."""
_PACKAGES = "python3,python3-venv,python-is-python3,ca-certificates"
_NETWORK = ("etc/resolv.conf", "etc/hosts", "etc/ssl/certs/ca-certificates.crt")
"""Of this machine, as Docker gives them to a build."""
_START_SECONDS = 180


def main() -> int:
    if reason := missing():
        print(f"The steps of the image are not checked: {reason}", file=sys.stderr)
        return 0
    built: dict[str, Path] = {}
    try:
        for number, stage in enumerate(dockerfile.parse((PROJECT / "docker" / "Dockerfile").read_text())):
            built[stage.name] = FOLDER / f"stage{number}"
            container = _build(stage, built)
        _ask(container)
    except (SetupError, subprocess.CalledProcessError) as error:
        print(f"The steps of the image fail: {error}", file=sys.stderr)
        return 1
    finally:
        for folder in built.values():
            shutil.rmtree(folder, ignore_errors=True)
    print("All steps of docker/Dockerfile ran, and the web process is healthy.")
    return 0


def missing() -> str:
    """Why nothing can be checked here; empty where it can."""
    if os.geteuid() != 0:
        return "this takes root (chroot, debootstrap)."
    if not shutil.which("debootstrap"):
        return "debootstrap is not installed: apt-get install debootstrap."
    return ""


class Container:
    """What the steps so far have made: a folder, and how commands run in it."""

    def __init__(self, root: Path) -> None:
        self.root, self.user, self.workdir = root, "0", "/"
        self.environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
        self.entrypoint: list[str] = []
        self.arguments: list[str] = []
        self.health: list[str] = []

    def command(self, words: list[str], **more: str) -> list[str]:
        variables = [f"{name}={value}" for name, value in {**self.environment, **more}.items()]
        inside = ["/bin/sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", self.workdir, *words]
        return [
            "chroot",
            f"--userspec={self.user}:{self.user}",
            str(self.root),
            "/usr/bin/env",
            "-i",
            *variables,
            *inside,
        ]

    def inside(self, path: str) -> Path:
        """A path of the container, as this machine has it."""
        return self.root / os.path.normpath(Path(self.workdir) / path).lstrip("/")


def _build(stage: Stage, built: dict[str, Path]) -> Container:
    base, root = _base(stage.base), built[stage.name]
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["cp", "-a", str(base), str(root)], check=True)
    for name in _NETWORK:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path("/") / name, root / name)
    (root / "dev" / "shm").mkdir(exist_ok=True)
    (root / "dev" / "shm").chmod(0o1777)  # in a container it is shared memory, which every user may write to
    container = Container(root)
    for word, text in stage.steps:
        print(f"--- {word} {text[:100]}", flush=True)
        _step(container, word, text, built)
    return container


def _step(container: Container, word: str, text: str, built: dict[str, Path]) -> None:
    if word == "RUN":
        pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        subprocess.run(container.command(dockerfile.command(text), **pip), check=True)
    elif word == "COPY":
        _copy(container, text.split(), built)
    elif word == "ENV":
        container.environment |= dockerfile.assignments(text, container.environment)
    elif word == "WORKDIR":
        container.workdir = str(Path(container.workdir) / text)
        container.inside(".").mkdir(parents=True, exist_ok=True)
    elif word == "USER":
        container.user = text
    elif word == "ENTRYPOINT":
        container.entrypoint = dockerfile.command(text)
    elif word == "CMD":
        container.arguments = dockerfile.command(text)
    elif word == "HEALTHCHECK":
        container.health = dockerfile.health(text)


def _copy(container: Container, words: list[str], built: dict[str, Path]) -> None:
    """A folder's content goes into the folder that is named, a file into it or to its name."""
    source = PROJECT
    if words[0].startswith("--from="):
        source = built[words.pop(0).partition("=")[2]]
    *names, target = words
    for name in names:
        given, to = source / name.lstrip("/"), container.inside(target)
        if given.is_dir():
            shutil.copytree(given, to, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            into = to / given.name if target.endswith(("/", ".")) else to
            into.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(given, into)


def _base(image: str) -> Path:
    """A folder with Debian that stands for the base image, made once."""
    match = re.match(r"python:(\d+\.\d+)", image)
    release = _RELEASES.get(match[1]) if match else None
    if release is None:
        raise SetupError(f"No release of Debian is known to stand for {image}: add it to image_check.py.")
    folder = FOLDER / release
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        fetch = ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", release, str(folder), mirror()]
        subprocess.run(fetch, check=True)
        (folder / "complete").touch()
    return folder


def mirror(apt: Path = Path("/etc/apt")) -> str:
    """Where this machine's apt gets Debian from."""
    files = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]
    text = "\n".join(file.read_text() for file in files if file.is_file())
    match = re.search(r"^(?:URIs:|deb(?:\s+\[[^]]*\])?)\s+(\S+)", text, re.MULTILINE)
    if match is None:
        raise SetupError("apt of this machine names no mirror of Debian.")
    return match[1]


def _ask(container: Container) -> None:
    """Start the entrypoint as in a container, with a database that is away, until its health check succeeds."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    given = {"WEB_HOST": "127.0.0.1", "PORT": port, "WEB_CONCURRENCY": "1"}
    given |= {"SECRET_KEY": "of-the-check", "DATABASE_URL": "postgis://nobody@127.0.0.1:1/none"}
    start = container.command([*container.entrypoint, *container.arguments], **given)
    print(f"--- {' '.join([*container.entrypoint, *container.arguments])}", flush=True)
    web = subprocess.Popen(start, start_new_session=True)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while subprocess.run(container.command(container.health, **given), capture_output=True, check=False).returncode:
            if web.poll() is not None:
                raise SetupError("the web process has ended; the reason is above.")
            if time.monotonic() > deadline:
                raise SetupError(f"the web process is not healthy after {_START_SECONDS} seconds.")
            time.sleep(1)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(web.pid, signal.SIGTERM)
        web.wait()


if __name__ == "__main__":
    sys.exit(main())
