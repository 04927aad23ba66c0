from django.urls import path

from reports import views

app_name = "reports"

urlpatterns = [
    path("heatmap/", views.heatmap_page, name="heatmap"),
    path("heatmap.html", views.heatmap_file, name="heatmap-file"),
    path("heatmap.geojson", views.heatmap_cells, name="heatmap-cells"),
    path("heatmap.csv", views.heatmap_table, name="heatmap-table"),
    path("hotspots/", views.hotspots_page, name="hotspots"),
    path("hotspots.html", views.hotspots_file, name="hotspots-file"),
    path("hotspots.geojson", views.hotspots_cells, name="hotspots-cells"),
    path("hotspots.csv", views.hotspots_table, name="hotspots-table"),
    path("trends/", views.trends_page, name="trends"),
    path("trends.html", views.trends_file, name="trends-file"),
    path("trends.geojson", views.trends_cells, name="trends-cells"),
    path("trends.csv", views.trends_table, name="trends-table"),
    path("districts/", views.districts_page, name="districts"),
    path("districts.html", views.districts_file, name="districts-file"),
    path("districts.geojson", views.districts_cells, name="districts-cells"),
    path("districts.csv", views.districts_table, name="districts-table"),
    path("heatmap/<int:cell_m>/<str:cell>/", views.heatmap_rows, name="heatmap-rows"),
]
