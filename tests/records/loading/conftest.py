import pytest

from terrafusion.records.models import County


@pytest.fixture
def king(db: None) -> County:
    return County.objects.create(id="KING", name="King County", fips="53033", state="WA", state_plane_srid=2926)
