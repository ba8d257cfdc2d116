"""The statistics: pure functions of arrays and data frames, which know no database, request or clock."""
