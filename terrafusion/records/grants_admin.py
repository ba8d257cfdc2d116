"""Rights in the admin: nobody gives more than they have, nor changes their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from terrafusion.records.access import Role, rights_of
from terrafusion.records.models import County, CountyAccess
from terrafusion.types import AnyUser

if TYPE_CHECKING:  # Django's own class takes no type parameters at run time
    AccessModelForm = forms.ModelForm[CountyAccess]
else:
    AccessModelForm = forms.ModelForm


class AccessForm(AccessModelForm):
    """Each request has a subclass with its user as ``giver``."""

    giver: Any = None

    class Meta:
        model = CountyAccess
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        county = data.get("county")
        if self.has_changed() and isinstance(county, County) and (fault := self._fault(county.pk, data)):
            raise forms.ValidationError(fault)
        return data

    def _fault(self, county_id: str, data: dict[str, Any]) -> str:
        before = self.instance
        rights = rights_of(self.giver)
        if rights.everything:
            return ""
        if not may_change_right(self.giver, before if before.pk else None) or data.get("user") == self.giver:
            return "You may not change this: your own rights, or those of a higher role."
        if not rights.has(county_id, Role.MANAGER) or not rights.has(county_id, Role(data.get("role") or Role.VIEWER)):
            return f"You cannot give a higher role in {county_id} than you have."
        had = before.pk and before.may_see_personal_data and not {"user", "county"} & {*self.changed_data}
        if data.get("may_see_personal_data") and not had and not rights.sees_personal(county_id):
            return f"You have no right to personal data of {county_id}, so you cannot give it."
        return ""


def may_change_right(giver: AnyUser, right: CountyAccess | None) -> bool:
    """Whether the giver may change or take away a right: not their own, and none of a higher role."""
    rights = rights_of(giver)
    if right is None or rights.everything:
        return True
    return right.user_id != giver.pk and rights.has(right.county_id, Role(right.role))


def of_giver(form: type[Any], giver: AnyUser) -> type[Any]:
    return type(form.__name__, (form,), {"giver": giver})
