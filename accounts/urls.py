"""The parts of allauth that staff need: login, logout, passwords and second factors. There is no sign-up."""

from __future__ import annotations

from allauth.account import views
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as keys
from django.urls import path, re_path

from accounts.views import (
    ActivateApp,
    ChangePassword,
    ConfirmByCode,
    Keys,
    Letters,
    LogIn,
    NewKey,
    Reauthenticate,
    ResetPassword,
    SecondStep,
)

urlpatterns = [
    path("login/", LogIn.as_view(), name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", Reauthenticate.as_view(), name="account_reauthenticate"),
    path("password/change/", ChangePassword.as_view(), name="account_change_password"),
    path("letters/", Letters.as_view(), name="account_letters"),
    path("keys/", Keys.as_view(), name="account_keys"),
    path("keys/new/", NewKey.as_view(), name="account_keys_new"),
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
    path("second-step/", mfa.index, name="mfa_index"),
    path("second-step/log-in/", SecondStep.as_view(), name="mfa_authenticate"),
    path("second-step/confirm/", ConfirmByCode.as_view(), name="mfa_reauthenticate"),
    path("second-step/app/", ActivateApp.as_view(), name="mfa_activate_totp"),
    path("second-step/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("second-step/codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "second-step/codes/new/", recovery_codes.generate_recovery_codes, name="mfa_generate_recovery_codes"
    ),
    path(
        "second-step/codes/file/", recovery_codes.download_recovery_codes, name="mfa_download_recovery_codes"
    ),
    path("second-step/keys/", keys.list_webauthn, name="mfa_list_webauthn"),
    path("second-step/keys/add/", keys.add_webauthn, name="mfa_add_webauthn"),
    path("second-step/keys/confirm/", keys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("second-step/keys/<int:pk>/remove/", keys.remove_webauthn, name="mfa_remove_webauthn"),
    path("second-step/keys/<int:pk>/name/", keys.edit_webauthn, name="mfa_edit_webauthn"),
    # allauth's own views need this URL; the adapter keeps it closed.
    path("signup/", views.signup, name="account_signup"),
]
