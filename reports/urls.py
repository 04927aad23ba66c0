from django.urls import path

from reports import saved_pages, views

app_name = "reports"

urlpatterns = [
    path("", saved_pages.first, name="first"),
    path("saved/", saved_pages.saved_page, name="saved"),
    path("saved/<int:saved>/", saved_pages.saved_report_page, name="saved-report"),
    path("saved/<int:saved>/letter/", saved_pages.letter_page, name="saved-letter"),
    path("heatmap/", views.heatmap_page, name="heatmap"),
    path("hotspots/", views.hotspots_page, name="hotspots"),
    path("trends/", views.trends_page, name="trends"),
    path("alerts/", views.alerts_page, name="alerts"),
    path("districts/", views.districts_page, name="districts"),
    path("answers/", views.answers_page, name="answers"),
    path("before-after/", views.before_after_page, name="before-after"),
    path("seasons/", views.seasons_page, name="seasons"),
    path("<slug:report>.<str:ending>", views.product, name="product"),
    path("heatmap/<int:cell_m>/<str:cell>/", views.heatmap_rows, name="heatmap-rows"),
]
