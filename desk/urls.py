from __future__ import annotations

from django.urls import path

from desk import (
    answer_templates,
    bulk,
    calendar_pages,
    callers,
    drafts,
    exports,
    field_list,
    full_file,
    letters,
    live,
    news,
    people,
    pins,
    printing,
    row_history,
    saved_pages,
    scoreboard_pages,
    thresholds,
    views,
)

app_name = "desk"

urlpatterns = [
    path("", views.queue_page, name="queue"),
    path("bulk/", bulk.bulk_page, name="bulk"),
    path("export.csv", exports.export, {"form": exports.Form.CSV}, name="export-csv"),
    path("export.xlsx", exports.export, {"form": exports.Form.XLSX}, name="export-xlsx"),
    path("appeals/new/", callers.new_page, name="appeal-new"),
    path("appeals/<int:number>/", views.appeal_page, name="appeal"),
    path("appeals/<int:number>/taken/", callers.taken_page, name="taken"),
    path("appeals/<int:number>/taken/print/", callers.receipt_page, name="receipt"),
    path("appeals/<int:number>/file.pdf", full_file.take_file, {"form": full_file.Form.PDF}, name="file-pdf"),
    path(
        "appeals/<int:number>/file.json", full_file.take_file, {"form": full_file.Form.JSON}, name="file-json"
    ),
    path("appeals/<int:number>/draft/", drafts.keep, name="draft"),
    path("appeals/<int:number>/presence/", live.presence, name="presence"),
    path("pins/", pins.pins, name="pins"),
    path("changes/", live.changes, name="changes"),
    path("appeals/<int:number>/print/", printing.print_appeal, name="print-appeal"),
    path("print/", printing.print_list, name="print-list"),
    path("field/", field_list.field_list, name="field-list"),
    path("drafts/", drafts.drafts_page, name="drafts"),
    path("history/", row_history.row_history_page, name="row-history"),
    path("letters/", letters.letters_page, name="letters"),
    path("filters/", saved_pages.filters_page, name="filters"),
    path("news/", news.news_page, name="news"),
    path("news/new/", news.new_page, name="news-new"),
    path("news/new/draft/", news.keep_page, name="news-new-draft"),
    path("news/<int:pk>/", news.item_page, name="news-item"),
    path("news/<int:pk>/draft/", news.keep_page, name="news-item-draft"),
    path("calendar/", calendar_pages.calendar_page, name="calendar"),
    path("proposals/", thresholds.thresholds_page, name="thresholds"),
    path("people/", people.people_page, name="people"),
    path("people/<int:person>/", people.person_page, name="person"),
    path("scoreboard/", scoreboard_pages.scoreboard_page, name="scoreboard"),
    path("scoreboard.csv", scoreboard_pages.scoreboard_table, name="scoreboard-table"),
    path("scoreboard-districts.csv", scoreboard_pages.equity_table, name="scoreboard-equity"),
    path("templates/", answer_templates.templates_page, name="templates"),
    path("templates/<int:pk>/", answer_templates.templates_page, name="template"),
    path("session/", drafts.session, name="session"),
]
