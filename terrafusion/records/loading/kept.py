"""Parcels whose current figures are certified ones keep them in a load; what the file says is set aside."""

from __future__ import annotations

from django.db.backends.utils import CursorWrapper
from psycopg import sql

from terrafusion.records import certified
from terrafusion.records.county_time import today
from terrafusion.records.loading.staging import TABLE

_SAVED = sql.Identifier("load_kept")


class Kept:
    """``columns``: those that the file is loaded into. ``needed`` where the county has certified values in effect."""

    def __init__(self, county_id: str, columns: list[str]) -> None:
        self._county_id = county_id
        self._columns = [name for name in certified.FIGURES if name in columns]
        self.needed = bool(self._columns) and certified.any_in_effect(county_id)

    def into_stage(self, cursor: CursorWrapper) -> int:
        """Puts the certified figures in place of the file's, which are saved and set aside; how many differ.

        Not where the file brings values of a later tax year: then the roll has moved on.
        """
        values = [name for name in self._columns if name != "tax_year"]
        later: sql.Composable = sql.SQL("false")
        if "tax_year" in self._columns and values:
            later = sql.SQL("coalesce(s.tax_year, 0) > c.tax_year AND coalesce({}) IS NOT NULL").format(
                self._list("s.{}", values)
            )
        cursor.execute(
            sql.SQL(
                "CREATE TEMPORARY TABLE {saved} ON COMMIT DROP AS SELECT p.id AS property_id, s.parcel_number, "
                "{staged}, {figures} FROM {stage} s JOIN records_propertyoperational p "
                "ON p.county_id = {county} AND p.parcel_number = s.parcel_number "
                "JOIN ({in_effect}) c ON c.property_id = p.id WHERE NOT ({later})"
            ).format(
                saved=_SAVED,
                stage=TABLE,
                staged=self._list("s.{}"),
                figures=self._list("c.{0} AS certified_{1}"),
                county=sql.Literal(self._county_id),
                in_effect=sql.SQL(certified.IN_EFFECT.replace("%s", "{}")).format(
                    sql.Literal(self._county_id), sql.Literal(today(self._county_id))
                ),
                later=later,
            )
        )
        cursor.execute(
            sql.SQL(
                "INSERT INTO records_rollvalue (property_id, {names}) SELECT property_id, {names} FROM {saved} "
                "ON CONFLICT (property_id) DO UPDATE SET {assignments}"
            ).format(names=self._list("{}"), saved=_SAVED, assignments=self._list("{0} = EXCLUDED.{0}"))
        )
        self._update_stage(cursor, "{0} = k.certified_{1}")
        cursor.execute(
            sql.SQL("SELECT count(*) FROM {} WHERE ({}) IS DISTINCT FROM ({})").format(
                _SAVED, self._list("{}"), self._list("certified_{1}")
            )
        )
        return int(cursor.fetchone()[0])

    def out_of_stage(self, cursor: CursorWrapper) -> None:
        """The file's figures are back, for the history of loads."""
        self._update_stage(cursor, "{0} = k.{0}")
        cursor.execute(sql.SQL("DROP TABLE {}").format(_SAVED))

    def _update_stage(self, cursor: CursorWrapper, assignment: str) -> None:
        cursor.execute(
            sql.SQL("UPDATE {} s SET {} FROM {} k WHERE k.parcel_number = s.parcel_number").format(
                TABLE, self._list(assignment), _SAVED
            )
        )

    def _list(self, pattern: str, names: list[str] | None = None) -> sql.Composable:
        """``{0}`` is the quoted name, ``{1}`` the bare one, which is a column of ours."""
        return sql.SQL(", ").join(
            sql.SQL(pattern.replace("{1}", name)).format(sql.Identifier(name))
            for name in (self._columns if names is None else names)
        )
