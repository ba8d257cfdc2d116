"""Mass appraisal on a market whose law is known: what it learns, and what it must not."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market_analysis.stats.errors import InsufficientSales
from tests.market_analysis.data import level, market
from tests.valuation.methods.conftest import AS_OF
from valuation import mass_appraisal, ratio
from valuation.errors import UnreadableModel, UnusableInput
from valuation.flags import MEANINGS

JULY_2015 = 42  # months since the market began


def test_later_sales_are_valued_as_the_market_pays(trained: mass_appraisal.MassAppraisal, sales: pd.DataFrame) -> None:
    """Later prices differ from values by their own noise of 8 % (a COD of 6.4); the level is that of the day."""
    later = sales[sales["sale_date"] > pd.Timestamp(AS_OF)]
    months = (later["sale_date"].dt.year - 2012) * 12 + later["sale_date"].dt.month - 1
    days = (later["sale_date"].dt.day.to_numpy() - 0.5) / 30
    price = later["sale_price"] * np.exp(level(np.array([JULY_2015])) - level(months.to_numpy() + days))
    valued = trained.value(later.drop(columns=["sale_price", "sale_date"]))
    values = valued.values
    assert ratio.cod(values["value"], price) < 8.5
    assert 0.97 < ratio.median(values["value"], price) < 1.03
    assert abs(ratio.prb(values["value"], price)) < 0.05
    assert 0.83 < np.mean((values["low"] <= price) & (price <= values["high"])) < 0.97
    assert not len(valued.refused)


def test_later_sales_are_not_seen(trained: mass_appraisal.MassAppraisal, sales: pd.DataFrame) -> None:
    spoilt = sales.copy()
    spoilt.loc[spoilt["sale_date"] > pd.Timestamp(AS_OF), "sale_price"] *= 10
    again = mass_appraisal.train(spoilt, AS_OF)
    assert again.value(sales).values.equals(trained.value(sales).values)
    assert again.facts["left_out_sales"]["after_the_valuation_date"] > 100


def test_a_stored_model_gives_the_same_values_reasons_and_card(
    trained: mass_appraisal.MassAppraisal, sales: pd.DataFrame
) -> None:
    data = mass_appraisal.save(trained)
    again = mass_appraisal.load(data)
    assert again.value(sales).values.equals(trained.value(sales).values)
    assert again.reasons(sales).equals(trained.reasons(sales))
    assert mass_appraisal.model_card(again) == mass_appraisal.model_card(trained)
    assert again.calibration_sales[["value", "price"]].equals(trained.calibration_sales[["value", "price"]])
    assert mass_appraisal.save(again) == data


def test_a_model_from_before_version_0_2_is_read(trained: mass_appraisal.MassAppraisal) -> None:
    """Its holdout sales were stored as ``trial_judged``, and why it has none as ``not_judged``."""
    data = mass_appraisal.save(trained)
    earlier = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as new, zipfile.ZipFile(earlier, "w") as old:
        for name in new.namelist():
            content = new.read(name)
            if name == "model.json":
                content = content.replace(b"not_evaluated", b"not_judged")
                content = content.replace(b"trial_holdout", b"trial_judged")
            old.writestr(name.replace("trial_holdout", "trial_judged"), content)
    again = mass_appraisal.load(earlier.getvalue())
    assert mass_appraisal.model_card(again) == mass_appraisal.model_card(trained)
    assert again.facts["not_evaluated"] == ""


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x80\x04N."])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(UnreadableModel):
        mass_appraisal.load(data)


def test_the_card_describes_the_training_sales_and_the_accuracy(
    trained: mass_appraisal.MassAppraisal, sales: pd.DataFrame
) -> None:
    card = json.loads(json.dumps(mass_appraisal.model_card(trained), allow_nan=False))
    assert card["trained_on"]["sales"] == (sales["sale_date"] <= pd.Timestamp(AS_OF)).sum()
    assert card["evaluation"]["cod"] < 8.5
    assert 0.8 < card["evaluation"]["coverage"] <= 1
    assert card["features"][0]["name"] == "living_area_sqft"
    assert card["features"][0]["mean_effect_percent"] > 10  # a spread of 30 % in area, an elasticity of .9
    assert card["versions"]["lightgbm"]


def test_twins_are_valued_alike_sold_or_not(trained: mass_appraisal.MassAppraisal, sales: pd.DataFrame) -> None:
    """The same plan in the same street: one sold for half its worth, one never, one is three meters away."""
    home = sales[sales["sale_date"] < pd.Timestamp(AS_OF)].iloc[[-1]]
    twins = pd.concat([home] * 3, ignore_index=True)
    twins["parcel_number"] = [home["parcel_number"].iloc[0], "never sold", "next door"]
    twins.loc[2, "latitude"] += 3 / 111_320
    sold, never_sold, next_door = trained.value(twins).values["value"].to_numpy()
    assert abs(never_sold / next_door - 1) < 0.02
    # The half price has no say. What is left is the spread of the members: a home that sold is valued by those alone
    # that have not seen it (valuation.mass_appraisal.parts).
    assert abs(sold / never_sold - 1) < 0.02


def test_chunks_and_order_do_not_matter(trained: mass_appraisal.MassAppraisal, sales: pd.DataFrame) -> None:
    whole = trained.value(sales).values
    mixed = sales.sample(frac=1, random_state=1)
    parts = pd.concat([trained.value(mixed[:700]).values, trained.value(mixed[700:]).values])
    assert parts.loc[whole.index].equals(whole)


def test_reasons_sum_to_the_value(trained: mass_appraisal.MassAppraisal, sales: pd.DataFrame) -> None:
    reasons, values = trained.reasons(sales), trained.value(sales).values["value"]
    assert np.allclose(reasons.sum(axis=1), values, rtol=1e-9)
    assert {"base", "living_area_sqft", "year_built", "neighborhood", "nearby_sales"} <= set(reasons)
    assert np.corrcoef(reasons["living_area_sqft"], sales["living_area_sqft"])[0, 1] > 0.9
    assert reasons["combined_effects"].abs().median() < 0.05 * values.median()
    whole = mass_appraisal.reasons_in_dollars(reasons.iloc[0], 250_000)
    assert sum(whole.values()) == 250_000
    assert next(iter(whole)) == "base"


ABSURD: dict[str, Any] = {
    "living_area_sqft": [-1500.0, 0.0, 99999999.0, np.nan],
    "year_built": [0.0, 9999.0, 20155.0, np.nan],
    "longitude": [0.0, np.nan, -122.01, 200.0],
    "latitude": [0.0, 47.01, np.nan, 100.0],
    "neighborhood": ["", "N9", "N1", None],
}


def test_absurd_characteristics_are_unknown_and_flagged(trained: mass_appraisal.MassAppraisal) -> None:
    valued = trained.value(pd.DataFrame({"parcel_number": list("abcd"), **ABSURD}))
    assert np.isfinite(valued.values.to_numpy()).all()
    assert all("absurd_characteristic" in flags for flags in valued.flags[:3])
    assert all("no_place" in flags for flags in valued.flags)
    assert "missing_characteristics" in valued.flags[3]
    assert valued.flags.explode().isin(MEANINGS).all()
    nothing = trained.value(pd.DataFrame({"parcel_number": ["a"]}))
    assert nothing.values["value"].iloc[0] == pytest.approx(valued.values["value"].iloc[3])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "living_area_sqft": st.one_of(st.floats(), st.none()),
                "year_built": st.one_of(st.integers(-(10**9), 10**9), st.none()),
                "neighborhood": st.one_of(st.text(max_size=5), st.none()),
                "longitude": st.floats(),
                "latitude": st.floats(),
                "other": st.one_of(st.text(max_size=3), st.floats(), st.booleans()),
            }
        ),
        max_size=4,
    )
)
def test_no_record_gives_nan(trained: mass_appraisal.MassAppraisal, rows: list[dict[str, Any]]) -> None:
    frame = pd.DataFrame(rows)
    valued = trained.value(frame)
    assert len(valued.values) == len(rows)
    assert np.isfinite(valued.values.to_numpy(dtype=float)).all()
    assert (valued.values["low"] <= valued.values["value"]).all()
    assert (valued.values["value"] <= valued.values["high"]).all()
    assert np.isfinite(trained.reasons(frame).to_numpy(dtype=float)).all()


def test_columns_that_repeat_the_price_are_not_used(sales: pd.DataFrame) -> None:
    known = sales[sales["sale_date"] < pd.Timestamp(AS_OF)][:300]
    price = known["sale_price"]
    trained = mass_appraisal.train(
        known.assign(total_value=price, assessed=1.0, key=price, row_id=known.index, same=1.0), AS_OF
    )
    assert set(trained.trees.encoder.left_out) >= {"total_value", "assessed", "key", "row_id", "same"}
    assert trained.trees.encoder.names == ["living_area_sqft", "year_built", "neighborhood", "year_built"]


def test_few_sales_are_refused(sales: pd.DataFrame) -> None:
    with pytest.raises(InsufficientSales, match=r"At least 100 valid sales up to Jul 1, 2015 are needed; found 99\."):
        mass_appraisal.train(sales[:99], AS_OF)
    with pytest.raises(InsufficientSales, match=r"found 0 \(1200 are later\)"):
        mass_appraisal.train(sales, date(2010, 1, 1))
    with pytest.raises(UnusableInput, match="no column sale_price"):
        mass_appraisal.train(sales.drop(columns="sale_price"), AS_OF)


def test_a_thin_and_dirty_market_is_valued_with_flags() -> None:
    """One hundred and twenty sales of a few months, with no place, one class, rows twice and prices of nothing."""
    sales = market(months=5, sales=24)[["sale_date", "sale_price", "living_area_sqft"]]
    dirty = pd.concat([sales, sales[:20], sales[:5].assign(sale_price=0)], ignore_index=True)
    trained = mass_appraisal.train(dirty, date(2014, 1, 1))
    assert trained.facts["left_out_sales"]["recorded_twice"] == 20
    assert trained.facts["left_out_sales"]["without_price_or_date"] == 5
    values = trained.value(sales)
    assert set(values.flags.iloc[0]) >= {"thin_data", "no_trend", "old_sales"}
    assert ratio.cod(values.values["value"], sales["sale_price"]) < 20


def test_progress_is_reported_and_can_cancel(sales: pd.DataFrame) -> None:
    class Cancelled(Exception):
        pass

    shares: list[float] = []

    def progress(share: float) -> None:
        shares.append(share)
        if share > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        mass_appraisal.train(sales[:300], AS_OF, progress=progress)
    assert shares == sorted(shares)
    assert len(shares) > 100
