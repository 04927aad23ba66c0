from django.urls import path
from django.views.generic import RedirectView

from reports import views

app_name = "reports"

urlpatterns = [
    # Whoever shortens the address of a report comes to the first of them.
    path("", RedirectView.as_view(pattern_name="reports:heatmap", query_string=True), name="first"),
    path("heatmap/", views.heatmap_page, name="heatmap"),
    path("hotspots/", views.hotspots_page, name="hotspots"),
    path("trends/", views.trends_page, name="trends"),
    path("alerts/", views.alerts_page, name="alerts"),
    path("districts/", views.districts_page, name="districts"),
    path("answers/", views.answers_page, name="answers"),
    path("before-after/", views.before_after_page, name="before-after"),
    path("<slug:report>.<str:ending>", views.product, name="product"),
    path("heatmap/<int:cell_m>/<str:cell>/", views.heatmap_rows, name="heatmap-rows"),
]
