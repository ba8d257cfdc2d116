"""The REST interface."""

from terrafusion.jobs.api.viewsets import JobViewSet
from tests.dummy_plugin.models import DummyJob
from tests.dummy_plugin.serializers import DummyResultSerializer, DummyRunSerializer, DummyStatusSerializer


class DummyViewSet(JobViewSet):
    model = DummyJob
    run_serializer_class = DummyRunSerializer
    serializer_class = DummyStatusSerializer
    result_serializer_class = DummyResultSerializer
