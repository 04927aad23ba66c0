"""The parts of allauth that staff need: login, logout and passwords. There is no sign-up."""

from __future__ import annotations

from allauth.account import views
from django.urls import path, re_path

from accounts.views import ChangePassword, LogIn, Reauthenticate, ResetPassword

urlpatterns = [
    path("login/", LogIn.as_view(), name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", Reauthenticate.as_view(), name="account_reauthenticate"),
    path("password/change/", ChangePassword.as_view(), name="account_change_password"),
    path("password/set/", views.password_set, name="account_set_password"),
    path("password/reset/", ResetPassword.as_view(), name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    # allauth's own views need this URL; the adapter keeps it closed.
    path("signup/", views.signup, name="account_signup"),
]
