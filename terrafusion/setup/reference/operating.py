"""Settings of the environment, commands, and metrics."""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.core.management import get_commands, load_command_class

from terrafusion.jobs.registry import all_types
from terrafusion.setup.reference import source
from terrafusion.setup.reference.markdown import PARTS, code, page, paragraph, table

_PROJECT = Path(__file__).resolve().parents[3]
_OF_DJANGO = {"version", "verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color", "skip_checks"}


def environment_settings() -> str:
    return page(
        "Environment settings",
        "Settings of the installation, from the environment or from `.env`; the environment wins. `.env.example` is "
        "the same list, to be copied. A secret can come from a file: `SECRET_KEY_FILE`, `DATABASE_URL_FILE`, ...",
        *_settings((_PROJECT / ".env.example").read_text(encoding="utf-8")),
    )


def _settings(text: str) -> Iterator[str]:
    for section in re.split(r"^# --- ", text, flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n")
        rows, comment = [], ""
        for line in body.splitlines():
            if setting := re.fullmatch(r"#?([A-Z][A-Z0-9_]*)=(.*)", line):
                rows.append((code(setting[1]), code(setting[2]), comment.strip()))
                comment = "" if not comment else "As above."
            elif line.startswith("# "):
                comment = line[2:] if comment == "As above." else f"{comment} {line[2:]}"
            else:
                comment = ""
        yield f"## {heading.strip(' -').capitalize()}\n\n" + table(("setting", "default", "meaning"), rows)


def commands() -> str:
    own = {name: app for name, app in get_commands().items() if app.split(".")[0] in PARTS}
    return page(
        "Commands",
        'Commands of the platform are run as `make manage ARGS="COMMAND ..."`.',
        "## make\n\n" + table(("command", "what it does"), _targets()),
        "## manage.py",
        *(block for name in sorted(own) for block in _command(own[name], name)),
    )


def _targets() -> Iterator[tuple[str, str]]:
    makefile = (_PROJECT / "Makefile").read_text(encoding="utf-8")
    for name, text in re.findall(r"^([a-z-]+):.*?## (.*)$", makefile, re.MULTILINE):
        yield code(f"make {name}"), text


def _command(app: str, name: str) -> Iterator[str]:
    command = load_command_class(app, name)
    parser = command.create_parser("manage.py", name)
    yield f"### {name}"
    yield paragraph(command.help)
    rows = [(code(_usage(one)), _help(one)) for one in parser._actions if one.dest not in {*_OF_DJANGO, "help"}]
    yield table(("argument", "meaning"), rows)


def _usage(action: argparse.Action) -> str:
    if not action.option_strings:
        return str(action.metavar or action.dest)
    value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
    return ", ".join(action.option_strings) + value


def _help(action: argparse.Action) -> str:
    """Defaults are left as their placeholder: some are folders of this machine."""
    text = (action.help or "").replace("(%(default)s)", "").replace("%(default)s", "the default").replace("%%", "%")
    choices = f" One of: {', '.join(map(str, action.choices))}." if action.choices else ""
    return text.strip() + choices


def metrics() -> str:
    prefixes = ", ".join(code(one.metric_prefix) for one in all_types() if not one.internal)
    return page(
        "Metrics",
        f"Metrics at `/metrics`, beside those of django-prometheus (`django_...`). `<prefix>` is the kind of job: "
        f"{prefixes}. `<type>` is the plugin's own label, such as `export_format`. Counters end in `_total`.",
        table(("metric", "kind", "labels", "meaning"), sorted(_metrics())),
    )


def _metrics() -> Iterator[tuple[str, str, str, str]]:
    for kind, call in source.calls("Counter", "Histogram", "GaugeMetricFamily"):
        name, text = (source.text(one) for one in (*call.args, None, None)[:2])
        if name is None or text is None:
            continue
        name = name.replace("...", "<prefix>")
        labels = _labels(source.argument(call, 2, "labels") or source.argument(call, 2, "labelnames"))
        suffix = "_total" if kind == "Counter" else ""
        plain = kind.replace("MetricFamily", "").lower()
        yield code(name + suffix), plain, ", ".join(map(code, labels)), text


def _labels(given: ast.expr | None) -> list[str]:
    """Literal ones; a variable stands for the two that metrics of jobs have."""
    if not isinstance(given, (ast.Tuple, ast.List)):
        return ["county_id", "<type>"]
    names = [source.text(one) for one in given.elts]
    return ["county_id", "<type>"] * (None in names) + [name for name in names if name]
