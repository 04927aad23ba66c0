"""The public pages; config.urls puts the language before them."""

from __future__ import annotations

from django.urls import path

from public.views.about import about
from public.views.account import account_data, account_delete, account_page
from public.views.alert_feed import alert_feed
from public.views.alerts import alert_page, alerts_page
from public.views.appeal import appeal_page
from public.views.appeal_new import appeal_new
from public.views.comments import comments_page
from public.views.follow import follow_page
from public.views.followed import follow_by_letter, followed_page
from public.views.letters import letters_page
from public.views.map import map_page
from public.views.mine import mine
from public.views.news import news_item, news_list
from public.views.news_feed import news_feed
from public.views.notices import notices
from public.views.proposals import proposals
from public.views.report_abuse import report_abuse_page
from public.views.support import support_page

app_name = "public"

urlpatterns = [
    path("", map_page, name="map"),
    path("appeals/new/", appeal_new, name="appeal-new"),
    path("appeals/<int:number>/", appeal_page, name="appeal"),
    path("appeals/<int:number>/support/", support_page, name="support"),
    path("appeals/<int:number>/comments/", comments_page, name="comments"),
    path("proposals/", proposals, name="proposals"),
    path("appeals/<int:number>/notices/", notices, name="notices"),
    path("appeals/<int:number>/letters/", follow_by_letter, name="follow-by-letter"),
    path("appeals/<int:number>/report/", report_abuse_page, name="report-abuse"),
    path("followed/<str:token>/", followed_page, name="followed"),
    path("follow/<str:secret>/", follow_page, name="follow"),
    path("mine/", mine, name="mine"),
    path("mine/account/", account_page, name="mine-account"),
    path("mine/account/data.json", account_data, name="mine-data"),
    path("mine/account/delete/", account_delete, name="mine-delete"),
    path("letters/<str:token>/", letters_page, name="letters"),
    path("alerts/", alerts_page, name="alerts"),
    path("alerts/feed.atom", alert_feed, name="alert-feed"),
    path("alerts/<str:token>/", alert_page, name="alert"),
    path("news/", news_list, name="news"),
    path("news/feed.atom", news_feed, name="news-feed"),
    path("news/<int:pk>/", news_item, name="news-item"),
    path("about/", about, name="about"),
]
