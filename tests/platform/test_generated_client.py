"""A client that openapi-python-client makes of the schema, as a county's developer would, against a real server."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from terrafusion.records.models import County
from tests.conftest import Cluster, wait_until
from tests.gis_export import data

PACKAGE = "county_client"
Load = Callable[[str], Any]


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Load]:
    """Modules of the client, such as ``load("api.token.obtain_token")``. The generator has left nothing out."""
    folder = tmp_path_factory.mktemp("client")
    schema, config = folder / "schema.yaml", folder / "config.yaml"
    call_command("spectacular", file=str(schema))
    config.write_text("post_hooks: []\n")
    command = [str(Path(sys.executable).with_name("openapi-python-client")), "generate", "--meta", "none"]
    files = ["--path", str(schema), "--config", str(config), "--output-path", str(folder / PACKAGE)]
    made = subprocess.run([*command, *files], capture_output=True, text=True, check=True)
    assert "WARNING" not in made.stdout + made.stderr
    assert "Unable" not in made.stdout + made.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield lambda name: import_module(f"{PACKAGE}.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
def signed_in(load: Load, live_server: Any, analyst: Any) -> Iterator[Any]:
    """A client with the token that a client without one got."""
    client = load("client")
    body = load("models").CredentialsBody(username=analyst.username, password="secret-of-tests")
    with client.Client(live_server.url) as unknown:
        made = load("api.token.obtain_token").sync(client=unknown, body=body)
    with client.AuthenticatedClient(live_server.url, made.token, prefix="Token") as signed_in:
        yield signed_in


def test_it_submits_a_job_polls_and_downloads(load: Load, signed_in: Any, cluster: Cluster, county: County) -> None:
    data.load(county)
    models, jobs = load("models"), "api.gis_export.gis_export"
    body = models.ExportRunBody(
        export_format=models.ExportFormatEnum.GEOJSON,
        county_id=county.pk,
        layers=["parcels"],
        area_of_interest={"type": "parcels", "parcels": ["0001", "0002"]},
        parameters=models.ExportRunBodyParameters(fields=["parcel_number"], precision=6),
    )
    submitted = load(f"{jobs}_run_create").sync(client=signed_in, body=body, idempotency_key="one")
    assert (submitted.status, submitted.county_id) == (models.StatusEnum.PENDING, county.pk)

    status = load(f"{jobs}_status_retrieve")
    wait_until(lambda: status.sync(submitted.job_id, client=signed_in).completed_at)
    completed = load(f"{jobs}_results_retrieve").sync(submitted.job_id, client=signed_in)
    assert completed.status == models.StatusEnum.COMPLETED
    assert completed.result.result_record_count == 2

    sent = load(f"{jobs}_jobs_download_retrieve").sync(submitted.job_id, client=signed_in)
    assert isinstance(sent.payload, io.BytesIO)
    features = json.loads(sent.payload.getvalue())["features"]
    assert [feature["properties"]["parcel_number"] for feature in features] == ["0001", "0002"]
    listed = load(f"{jobs}_jobs_list").sync(client=signed_in)
    assert [job.job_id for job in listed.results] == [submitted.job_id]


def test_it_reads_what_is_wrong_with_a_request(load: Load, signed_in: Any, county: County) -> None:
    models = load("models")
    body = models.ExportRunBody(export_format=models.ExportFormatEnum.CSV, county_id=county.pk, layers=["parcel"])
    problem = load("api.gis_export.gis_export_run_create").sync(client=signed_in, body=body)
    assert (problem.status, [fault.field for fault in problem.errors]) == (400, ["layers"])
