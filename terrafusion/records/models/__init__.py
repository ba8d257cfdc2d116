"""The shared GeoDjango tables. Every geometry is stored in EPSG:4326; every row belongs to one county."""

from terrafusion.records.models import rights  # noqa: F401 - declares what is tracked
from terrafusion.records.models.access_log import Act, PersonalDataAccess
from terrafusion.records.models.area import UploadedArea
from terrafusion.records.models.change import DataChange
from terrafusion.records.models.county import SETTINGS, County, CountyAccess, CountySettings
from terrafusion.records.models.parcel import PropertyOperational, PropertyValueHistory, RollValue
from terrafusion.records.models.reference import ReferenceFeature, ReferenceLayer
from terrafusion.records.models.sale import Sale
from terrafusion.records.models.transformation import LayerTransformation

__all__ = [
    "SETTINGS",
    "Act",
    "County",
    "CountyAccess",
    "CountySettings",
    "DataChange",
    "LayerTransformation",
    "PersonalDataAccess",
    "PropertyOperational",
    "PropertyValueHistory",
    "ReferenceFeature",
    "ReferenceLayer",
    "RollValue",
    "Sale",
    "UploadedArea",
]
