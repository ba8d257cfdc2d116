"""TerraFusion: the open platform that county assessors run their geodata and valuations on."""

__version__ = "0.2.0"
