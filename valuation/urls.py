"""The addresses of valuation, below /api/v1/valuation/."""

from django.urls import path

from terrafusion.jobs.api.viewsets import job_urls
from valuation.api import decision_views, rate_tables, views

app_name = "valuation"
urlpatterns = [
    *job_urls(views.ValuationViewSet),
    path("jobs/<str:job_id>/values", views.ValuesView.as_view(), name="values"),
    path("jobs/<str:job_id>/parcels/<path:parcel>", views.JobSheetView.as_view(), name="sheet"),
    path("jobs/<str:job_id>/decisions/preview", decision_views.DecisionPreviewView.as_view(), name="preview"),
    path("jobs/<str:job_id>/decisions", decision_views.DecisionsView.as_view(), name="decisions"),
    path("parcels/<path:parcel>/valuation", views.ParcelValuationView.as_view(), name="parcel-valuation"),
    path("models", views.ModelsView.as_view(), name="models"),
    path("models/<str:model_id>", views.ModelView.as_view(), name="model"),
    path("models/<str:model_id>/card", views.ModelCardView.as_view(), name="model-card"),
    *rate_tables.router.urls,
]
