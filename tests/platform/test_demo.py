"""What ``make demo`` asks for and reports, over HTTP on a small county; the jobs are run here and not by workers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from terrafusion.jobs import runner
from terrafusion.jobs.registry import all_types
from terrafusion.records.models import County, ReferenceLayer
from terrafusion.setup.demo import __main__ as demo
from terrafusion.setup.demo import jobs, parts
from terrafusion.setup.demo.client import Client
from terrafusion.setup.errors import SetupError
from tests.conftest import MakeUser, Role
from tests.gis_export.conftest import close_writer
from tests.valuation import data


@pytest.fixture(scope="module", autouse=True)
def _writer() -> Iterator[None]:
    """The writer keeps connections to the test database, which could not be dropped under it."""
    yield
    close_writer()


class Working(Client):
    """A client that does the workers' part: a job is run as soon as it was submitted."""

    def call(self, method: str, address: str, body: dict[str, Any] | None = None) -> Any:
        answer = super().call(method, address, body)
        for job_type in all_types():
            if address.endswith(f"/{job_type.name.replace('_', '-')}/run"):
                runner.run(job_type.label, answer["job_id"])
        return answer


@pytest.fixture
def client(
    live_server: Any, county: County, make_user: MakeUser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Client:
    make_user("demo", Role.ASSESSOR, county)
    ReferenceLayer.objects.create(county=county, name="areas", geometry_type="Polygon")
    monkeypatch.setattr(jobs, "FOLDER", tmp_path)
    working = Working(live_server.url)
    working.log_in("demo", "secret-of-tests")
    return working


def test_a_county_is_valued_certified_and_studied_and_again(
    client: Client, county: County, capsys: pytest.CaptureFixture[str]
) -> None:
    data.sales(county, data.homes(county, 160), 360, months=30)
    plan = parts.DemoPlan(county.pk, "areas", neighborhood="North", valuation_date=str(data.VALUATION_DATE))
    first = demo.ask(client, plan)
    assert {"job_id", "status", "format", "layers", "records", "file", "bytes", "sha256", "seconds"} < first.keys()
    assert (first["status"], first["records"]) == ("COMPLETED", 160)
    valuation, study = first["valuation"], first["ratio_study"]
    assert valuation["certified"] == valuation["valued"] > 70  # of the 80 in the north
    assert valuation["effective_date"] == str(data.VALUATION_DATE)
    assert study["sales"] >= 20  # later than the values, so that nothing of them knew these
    assert 0.9 < study["median_ratio"] < 1.1
    assert first["card"]["parcel"] == valuation["parcel"]
    for part in ("card", "ratio_study"):
        assert Path(first[part]["file"]).read_bytes().startswith(b"%PDF")
    assert Path(first["market_analysis"]["file"]).suffix == ".zip"
    assert b"<svg" in Path(first["market_analysis"]["chart"]).read_bytes()
    for part in ("valuation", "card", "ratio_study", "market_analysis"):
        client.call("GET", first[part]["page"])

    capsys.readouterr()
    second = demo.ask(client, plan)
    assert second["valuation"] == valuation
    assert second["ratio_study"]["sales"] == study["sales"]
    assert "was certified by an earlier run" in capsys.readouterr().out

    demo.show(second)
    shown = capsys.readouterr().out
    assert second["card"]["file"] in shown
    assert second["ratio_study"]["page"] in shown


def test_without_sales_the_parts_that_need_them_are_left_out(
    client: Client, county: County, capsys: pytest.CaptureFixture[str]
) -> None:
    data.homes(county, 3)
    report = demo.ask(client, parts.DemoPlan(county.pk, "areas"))
    assert [part for part, made in report.items() if made is None] == ["valuation", "ratio_study", "market_analysis"]
    assert report["card"]["parcel"] == "0000"
    assert "has no sales: left out are valuation, ratio_study, market_analysis" in capsys.readouterr().out
    demo.show(report)


def test_a_part_that_fails_ends_the_demo(client: Client, county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here, a run without sales."""
    data.homes(county, 3)
    plan = parts.DemoPlan(county.pk, "areas", neighborhood="North", valuation_date=str(data.VALUATION_DATE))
    with pytest.raises(SetupError, match="At least 100 valid sales"):
        demo.ask(client, plan)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(demo, "run", lambda name: demo.ask(client, plan))
    assert demo.main() == 1
