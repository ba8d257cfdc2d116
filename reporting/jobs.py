"""Executes a report: request -> (a valuation run, where one is asked for) -> records -> blocks -> file."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from reporting import request as requests
from reporting import valuing
from reporting.compose import compose, holds_personal_data
from reporting.errors import NothingToReport, TypesettingFailed
from reporting.models import ReportJob
from reporting.render.errors import RenderError
from reporting.render.files import RenderContext, Rendered
from reporting.render.formats import FORMATS
from reporting.reports.base import Content
from reporting.snapshot import snapshot
from terrafusion.jobs.context import JobContext, Outcome, ResultFile
from terrafusion.jobs.package import pack
from terrafusion.words import counted

_WRITTEN = 95  # percent of the progress that stands for writing


def execute(job: ReportJob, context: JobContext) -> Outcome:
    """Write the report. Raises what ``reporting.errors`` and ``terrafusion.jobs.errors`` hold."""
    request = requests.of_job(job)
    if request.run_wanted is not None:
        request = valuing.with_run(request, context)
    context.checkpoint(0, "Reading the database.")
    with snapshot():
        faults = request.report.check(request)
        if faults:
            raise NothingToReport(" ".join(text for texts in faults.values() for text in texts))
        document, content = compose(request, datetime.now(UTC))
        try:
            made = FORMATS[job.format].render(document, _render_context(context, content))
        except RenderError as error:
            raise TypesettingFailed("The PDF could not be set; the worker's log says more.") from error
        content.check()
        companions = content.companions(context.workdir / "rendering")
    stem = f"reports_output/{job.county_id}/{job.job_id}_{job.report_type}"
    return Outcome(
        message=_message(document.title, made),
        file=_finished([*made.paths, *companions], stem, context),
        summary={
            "report": document.name,
            "title": document.title,
            "data_as_of": document.as_of.isoformat(),
            "pages": made.pages,
            "files": len(made.paths) + len(companions),
            "notices": list(document.notices),
            "notes": list(made.notes),
            **({"valuation_job": run} if (run := request.values.get("valuation_job")) else {}),
            **content.facts,
        },
        columns={"pages": made.pages},
        personal=holds_personal_data(request, content),
    )


def _render_context(context: JobContext, content: Content) -> RenderContext:
    done = 0

    def progress(cells: int) -> None:
        nonlocal done
        done += cells
        share = min(done / max(content.rows, 1), 1)
        context.checkpoint(share * _WRITTEN, f"{share:.0%} written.")

    folder = context.workdir / "rendering"
    folder.mkdir()
    return RenderContext(folder, progress, context.stop_with)


def _finished(paths: list[Path], stem: str, context: JobContext) -> ResultFile:
    """The one file, or a package of several."""
    if len(paths) > 1:
        return pack(paths, context.workdir / "report.zip", f"{stem}.zip", checkpoint=context.checkpoint)
    (path,) = paths
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            context.checkpoint()
    return ResultFile(path, f"{stem}{path.suffix}", digest.hexdigest(), path.stat().st_size)


def _message(title: str, made: Rendered) -> str:
    sentence = f"{title} is ready" + (f": {counted(made.pages, 'page')}" if made.pages else "")
    sentence += f" in {counted(len(made.paths), 'file')}." if len(made.paths) > 1 else "."
    return " ".join([sentence, *made.notes])
