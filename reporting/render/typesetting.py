"""The process that typesets: ``python -m reporting.render.typesetting FOLDER``, one line in and one out for each part.

A process of its own: killing it is how a job is cancelled at once; what Typst keeps in memory goes back with it; and a
county's template, which is a program, has a limit of memory, no network and no file outside ``FOLDER``.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Literal

_MAX_MEMORY = 4 << 30  # bytes of address space; fonts are mapped into it
_STANDARDS: tuple[Literal["ua-1"] | None, ...] = ("ua-1", None)
"""What is tried, one after the other: a PDF that no standard fits is still a tagged one, and its reader is informed."""


def main(folder: Path) -> None:
    from typst import Compiler, TypstError

    from reporting.render.fonts import FOLDERS

    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY, _MAX_MEMORY))
    nowhere = str(folder / "packages")  # a template may import none
    compiler: Compiler = Compiler(
        root=str(folder),
        font_paths=list(FOLDERS),
        ignore_system_fonts=True,
        package_path=nowhere,
        package_cache_path=nowhere,
    )
    source, timestamp = folder / "report.typ", int(sys.stdin.readline())
    for line in sys.stdin:
        name = line.strip()
        target = folder / f"{name}.pdf"
        answer = {"error": "", "note": ""}
        for standards in _STANDARDS:
            try:
                compiler.compile(
                    source,
                    output=target,
                    format="pdf",
                    timestamp=timestamp,
                    sys_inputs={"data": f"{name}.json"},
                    pdf_standards=standards,
                )
            except TypstError as error:
                answer["error"] = str(error)
                if "PDF/UA" not in str(error):
                    break
                answer["note"] = str(error)
            else:
                answer["error"] = ""
                break
        answer["megabytes"] = str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
