"""Loads counties' files into the records: any vector file that GDAL reads, or CSV.

source -> mapping -> rows (each checked) -> COPY into a staging table -> upsert, in one transaction.
"""

from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.load import Options, load
from terrafusion.records.loading.report import LoadReport

__all__ = ["LoadError", "LoadReport", "Options", "load"]
