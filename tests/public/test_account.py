"""A resident's account: a code from a letter opens what the links of that address open, on every device, and nothing else."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actions.residents import contacts_of
from appeals.actions.support import support, supports_at
from appeals.actors import Author, Person
from appeals.gathering import voices_of
from appeals.intake.sign_in import ask_code, forget_sign_ins, sign_in
from appeals.limits import SIGN_IN_MINUTES, SIGN_IN_TRIES, SIGNED_IN_DAYS
from appeals.models import (
    Alert,
    Appeal,
    AppealContact,
    Message,
    Resident,
    ResidentDevice,
    SignInCode,
    Support,
)
from appeals.notify.delivery import deliver_due
from appeals.notify.sign_in import SIGN_IN, code_of
from appeals.vocabulary import Kind
from appeals.workflow import ANSWER, REOPEN
from bootstrap.rates import Rate
from geo.refusals import Refused
from rates.taking import TooMany
from tests.factories import AppealFactory, AttachmentFactory
from tests.grid import GridCity

HERE = "/en/mine/account/"
ADDRESS = "asan@example.org"


def signed_in(email: str = ADDRESS, client: Client | None = None) -> Client:
    """A browser whose reader has typed the code, as its letter says it."""
    client = client or Client()
    asked = client.post(HERE, {"do": "ask", "email": email}, follow=True)
    assert email in asked.content.decode()
    mail.outbox.clear()
    deliver_due()
    (letter,) = [letter for letter in mail.outbox if "code" in letter.subject]
    (code,) = re.findall(r"^\d{6}$", str(letter.body), re.MULTILINE)
    answer = client.post(HERE, {"do": "code", "code": f" {code[:3]} {code[3:]}"})
    assert answer.status_code == 302
    return client


def typed(client: Client, asked: SignInCode, code: str) -> str:
    """What a browser that has asked for this code shows when a code was typed."""
    client.cookies["sign-in"] = str(asked.pk)
    return str(client.post(HERE, {"do": "code", "code": code}, follow=True).content.decode())


def page(client: Client, path: str = HERE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert "noindex" in answer["X-Robots-Tag"]
    return str(answer.content.decode())


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    made: Appeal = AppealFactory(
        category=city.categories["lamp"],
        contact__email="Asan@Example.org",
        text="It is dark",
        kind=Kind.REPORT,
    )
    return made


def test_every_device_has_the_confirmed_appeals_of_the_address(city: GridCity, appeal: Appeal) -> None:
    lamp = city.categories["lamp"]
    hidden = AppealFactory(category=lamp, contact__email=ADDRESS, text="Mine, and hidden", hidden=True)
    unproven = AppealFactory(category=lamp, contact__email=ADDRESS, text="Somebody wrote so")
    AppealContact.objects.filter(appeal=unproven).update(email_proven=False)
    AppealFactory(category=lamp, contact__email="other@example.org", text="Of another")
    phone, computer = signed_in(), signed_in("ASAN@example.org")
    assert Resident.objects.count() == 1
    for client in (phone, computer):
        shown = page(client)
        for own in (appeal, hidden):
            assert own.text in shown
            assert f'href="/en/follow/{own.contact.secret}/"' in shown
        for foreign in (unproven.contact.secret, "Of another", "other@example.org"):
            assert foreign not in shown
    assert "You are signed in on 2 devices." in page(phone)
    cookie = phone.cookies["resident"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert cookie.value not in {device.secret for device in ResidentDevice.objects.all()}
    # Out on one of them, then everywhere.
    said = phone.post(HERE, {"do": "out"}).content.decode()
    assert "<forget-appeals>" in said
    assert appeal.text not in page(phone)
    assert appeal.text in page(computer)
    signed_in(client=phone)
    phone.post(HERE, {"do": "out-everywhere"})
    assert appeal.text not in page(computer)


def test_nobody_learns_whether_an_address_is_known(appeal: Appeal, client: Client) -> None:
    def asked(email: str) -> tuple[int, str]:
        answer = client.post(HERE, {"do": "ask", "email": email}, follow=True)
        words = re.sub(r'(value|nonce)="[^"]*"', "", answer.content.decode()).replace(email, "")
        return answer.status_code, words

    assert asked(ADDRESS) == asked("nobody@example.org")
    deliver_due()
    assert [letter.to for letter in mail.outbox] == [[ADDRESS], ["nobody@example.org"]]
    assert not Resident.objects.exists(), "whoever has read no letter has no account"
    assert "dark" not in str(mail.outbox[0].body)
    code = str(mail.outbox[0].subject).split()[0]
    kept = [*SignInCode.objects.values_list(), *Message.objects.values_list()]
    assert code not in str(kept)


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_the_letter_is_in_the_reader_s_language(appeal: Appeal, client: Client, language: str) -> None:
    client.post(f"/{language}/mine/account/", {"do": "ask", "email": ADDRESS})
    deliver_due()
    (letter,) = mail.outbox
    said = {"ky": "Кодду эч кимге айтпаңыз", "ru": "Никому не сообщайте код", "en": "Give it to nobody"}
    assert said[language] in letter.body


def test_a_code_is_good_for_its_time_its_tries_and_once(appeal: Appeal, client: Client) -> None:
    asked = ask_code(ADDRESS, sender="one")
    code = code_of(asked)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for left in range(SIGN_IN_TRIES - 1, 0, -1):
        assert f"You can try {left} more time" in typed(client, asked, wrong)
    assert ["not good any more" in typed(client, asked, each) for each in (wrong, code)] == [True, True]

    old = ask_code(ADDRESS, sender="one")
    SignInCode.objects.filter(pk=old.pk).update(
        asked_at=timezone.now() - dt.timedelta(minutes=SIGN_IN_MINUTES + 1)
    )
    deliver_due()
    assert len(mail.outbox) == 1, "no letter brings a code that is good no more"
    once = ask_code(ADDRESS, sender="one")
    assert sign_in(str(once.pk), code_of(once), sender="one")
    for key in (str(old.pk), str(once.pk), "", "nonsense", "0" * 40):
        with pytest.raises(Refused, match="not good any more"):
            sign_in(key, code_of(once), sender="one")
    # Digits of another script are none of ours.
    another = SignInCode.objects.create(email=ADDRESS)
    for slip in ("", "²²²²²²", "12 34 5", "1234567", "\x00"):
        with pytest.raises(Refused, match="The code has 6 digits"):
            sign_in(str(another.pk), slip, sender="one")
    another.refresh_from_db()
    assert another.tries == 0, "a slip is no try"
    with pytest.raises(Refused, match="not the code"):
        sign_in(str(another.pk), "٠٠٠٠٠٠", sender="one")


def test_the_form_of_the_code_is_there_after_whatever_else(city: GridCity, client: Client) -> None:
    """Loaded again, in another language, come back to: nothing is typed again of itself, and no try is lost."""
    answer = client.post(HERE, {"do": "ask", "email": ADDRESS})
    assert (answer.status_code, answer["Location"]) == (302, HERE)
    cookie = client.cookies["sign-in"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    asked = SignInCode.objects.get()
    wrong = f"{(int(code_of(asked)) + 1) % 1_000_000:06d}"
    assert client.post(HERE, {"do": "code", "code": wrong})["Location"] == HERE
    for language, said in (
        ("en", "You can try 4 more times"),
        ("ru", "Осталось 4 попытки"),
        ("en", "You can try 4 more"),
    ):
        shown = page(client, f"/{language}/mine/account/")
        assert said in shown
        assert ADDRESS in shown
        assert 'autocomplete="one-time-code"' in shown
    # Whoever gave a wrong address asks again, and the code is no one's to type here.
    client.post(HERE, {"do": "another"})
    assert 'name="email"' in page(client)
    assert client.post(HERE, {"do": "code", "code": code_of(asked)}).status_code == 400
    assert 'name="email"' in page(Client())
    # One that is over says so, once.
    client.cookies["sign-in"] = "nonsense"
    assert "not good any more" in page(client)
    assert "not good any more" not in page(client)


def test_letters_and_guesses_are_limited(city: GridCity, client: Client, settings: Settings) -> None:
    settings.LIMITS = {
        "sign-in-letter": Rate(2, 1, 86_400),
        "sign-in-letter-mailbox": Rate(3, 1, 86_400),
        "sign-in-code": Rate(2, 1, 86_400),
    }
    statuses = [
        client.post(HERE, {"do": "ask", "email": email}).status_code
        for email in (ADDRESS, "ASAN@example.org", ADDRESS)
    ]
    assert statuses == [302, 302, 429]
    # Whoever else asks for them does not use up the reader's own.
    with pytest.raises(TooMany):
        ask_code(ADDRESS, sender="address 127.0.0.1")
    assert ask_code(ADDRESS, sender="the reader")
    with pytest.raises(TooMany):
        ask_code(ADDRESS, sender="a third")
    assert client.post(HERE, {"do": "ask", "email": ""}).status_code == 400
    assert client.post(HERE, {"do": "ask", "email": "nobody"}).status_code == 400
    guesses = [client.post(HERE, {"do": "code", "code": "111111"}).status_code for _time in range(3)]
    assert guesses == [302, 302, 429]


def test_a_resident_is_nobody_at_the_desk_and_staff_are_no_residents(
    appeal: Appeal, light_user: User, client: Client
) -> None:
    """Not even whoever reads a colleague's mail: the desk takes a password, the account a code, and neither gives the other."""
    User.objects.filter(pk=light_user.pk).update(email=ADDRESS)
    resident = signed_in()
    assert "sessionid" not in resident.cookies
    for path in ("/en/desk/", "/en/admin/", f"/en/desk/appeals/{appeal.number}/"):
        answer = resident.get(path, follow=True)
        assert answer.redirect_chain[-1][0].startswith("/en/accounts/login/")
    client.force_login(light_user)
    assert appeal.text not in page(client)
    client.post("/en/accounts/logout/")
    assert appeal.text in page(resident)


def test_a_cookie_that_is_brought_along_opens_nothing(appeal: Appeal) -> None:
    """Whoever has put a secret of their own into somebody's browser is not signed in there by it."""
    client = Client()
    client.cookies["resident"] = "chosen-by-another"
    signed_in(client=client)
    assert client.cookies["resident"].value != "chosen-by-another"
    other = Client()
    for forged in ("chosen-by-another", "", "x" * 5_000, ResidentDevice.objects.get().secret):
        other.cookies["resident"] = forged
        assert appeal.text not in page(other)
    # Another one at the same browser: the one before is signed in there no more.
    before = client.cookies["resident"].value
    signed_in("other@example.org", client)
    other.cookies["resident"] = before
    assert appeal.text not in page(other)
    assert appeal.text not in page(client)
    late = timezone.now() + dt.timedelta(days=SIGNED_IN_DAYS + 1)
    # The codes that were used are gone already.
    assert forget_sign_ins(late) == 1
    assert not ResidentDevice.objects.exists()
    assert not Message.objects.filter(kind=SIGN_IN).exists()


def test_forms_of_other_sites_do_nothing(appeal: Appeal) -> None:
    client = Client(enforce_csrf_checks=True)
    for data in (
        {"do": "ask", "email": ADDRESS},
        {"do": "out"},
        {"do": "attach", "secret": appeal.contact.secret},
    ):
        assert client.post(HERE, data).status_code == 403
    assert client.post(f"{HERE}delete/", {"what": "data", "sure": "yes"}).status_code == 403


def test_nonsense_is_400_and_nobody_has_nothing(city: GridCity, client: Client) -> None:
    assert client.post(HERE, {"do": "nonsense"}).status_code == 400
    assert client.post(HERE, {"do": "attach", "secret": "x"}).status_code == 200
    for path in ("data.json", "delete/"):
        assert client.get(HERE + path)["Location"] == HERE
    client = signed_in()
    assert client.post(f"{HERE}delete/", {"what": "everything"}).status_code == 400


def test_the_appeals_of_a_device_are_added(city: GridCity, appeal: Appeal) -> None:
    lamp = city.categories["lamp"]
    nameless, unproven, foreign = (
        AppealFactory(category=lamp, contact__email=email, contact__email_proven=proven)
        for email, proven in (("", False), (ADDRESS, False), ("other@example.org", True))
    )
    client = signed_in()
    own_page = f"/en/follow/{nameless.contact.secret}/"
    assert f"Add it to the account {ADDRESS}" in client.get(own_page).content.decode()
    client.post(f"/en/appeals/{appeal.number}/support/", {"supported": "yes"})
    secrets = [made.contact.secret for made in (nameless, unproven, foreign)] + ["unknown", "\x00"]
    said = client.post(HERE, {"do": "attach", "secret": secrets[:4]}, follow=True).content.decode()
    assert "2 appeals are in your account now" in said
    assert f"left as they are: № {foreign.number}" in said
    for own in (nameless, unproven):
        assert own.contact.secret in said
        assert AppealContact.objects.filter(appeal=own, email_proven=True).exclude(email="").exists()
    assert foreign.contact.secret not in said
    assert "In your account, on every device" in client.get(own_page).content.decode()
    assert client.post(HERE, {"do": "attach", "secret": secrets[4:]}).status_code < 500


def test_what_names_the_address_is_added_once_its_reader_says_so(city: GridCity, appeal: Appeal) -> None:
    """The first letter was lost; hidden ones, and those of other addresses, are not asked about and not added."""
    lamp = city.categories["lamp"]
    mine, hidden = (
        AppealFactory(category=lamp, contact__email=ADDRESS, contact__email_proven=False, hidden=closed)
        for closed in (False, True)
    )
    other = AppealFactory(category=lamp, contact__email="other@example.org", contact__email_proven=False)
    client = signed_in()
    shown = page(client)
    assert "Are these yours?" in shown
    asked = re.findall(r'name="number" value="(\d+)"', shown)
    assert asked == [str(mine.number)]
    given = [*asked, str(hidden.number), str(other.number), "²", "9" * 30, "x"]
    said = client.post(HERE, {"do": "confirm", "number": given}, follow=True).content.decode()
    assert "1 appeal is in your account now" in said
    assert mine.contact.secret in said
    assert "Are these yours?" not in said
    proven = AppealContact.objects.filter(email_proven=True).values_list("appeal__number", flat=True)
    assert set(proven) == {appeal.number, mine.number}
    assert Client().post(HERE, {"do": "confirm", "number": asked}).status_code == 200


def test_what_concerns_one_too_is_on_every_device_and_counts_once(city: GridCity, appeal: Appeal) -> None:
    lamp = city.categories["lamp"]
    other, hidden = (AppealFactory(category=lamp, text=text) for text in ("A second lamp", "A third lamp"))
    phone = Client()
    # Before anybody signs in the browser alone is known.
    phone.post(f"/en/appeals/{other.number}/support/", {"supported": "yes"})
    signed_in(client=phone)
    phone.post(HERE, {"do": "attach"})
    phone.post(f"/en/appeals/{hidden.number}/support/", {"supported": "yes"})
    Appeal.objects.filter(pk=hidden.pk).update(hidden=True)
    computer = signed_in()
    shown = page(computer)
    assert "A second lamp" in shown
    assert "A third lamp" not in shown
    address = f"/en/appeals/{other.number}/"
    computer.post(f"{address}support/", {"supported": "yes"})
    assert Support.objects.of(other).people() == 1
    assert 'value="no"' in computer.get(address).content.decode()
    computer.post(f"{address}support/", {"supported": "no"})
    assert not Support.objects.filter(appeal=other).exists()
    assert 'value="yes"' in phone.get(address).content.decode()


def test_two_supports_of_one_person_become_one(appeal: Appeal) -> None:
    for sender, secret, email in (("a", "browser", ""), ("b", "another", ADDRESS)):
        support(appeal, secret, sender=sender, email=email)
    client = signed_in()
    client.cookies["supporter"] = "browser"
    client.post(HERE, {"do": "attach"})
    assert Support.objects.of(appeal).people() == 1
    kept = client.get(f"{HERE}data.json").json()["supports"]
    assert [one["number"] for one in kept] == [appeal.number]
    # Signing out makes no new person of the browser.
    client.post(HERE, {"do": "out"})
    client.post(f"/en/appeals/{appeal.number}/support/", {"supported": "yes"})
    assert Support.objects.of(appeal).people() == 1
    assert voices_of(Appeal.objects.get(pk=appeal.pk)).confirmed == 1


def test_all_that_is_kept_is_shown_taken_along_and_deleted(
    city: GridCity, appeal: Appeal, office_user: User
) -> None:
    AppealContact.objects.filter(appeal=appeal).update(name="Асан Усенов", phone="+996555123456")
    legal = AppealFactory(
        category=city.categories["lamp"],
        kind=Kind.COMPLAINT,
        contact__email=ADDRESS,
        contact__name="Асан Усенов",
    )
    Alert.objects.create(
        email="ASAN@example.org", language="en", daily=False, query="area=city", confirmed_at=timezone.now()
    )
    AttachmentFactory(appeal=appeal)
    perform(appeal.pk, ANSWER, Person(office_user), version=None, text="Mended")
    perform(appeal.pk, REOPEN, Author(appeal.pk), version=None, text="It is dark again")
    client = signed_in()
    client.post(f"/en/appeals/{appeal.number}/support/", {"supported": "yes"})
    answer = client.get(f"{HERE}data.json")
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Disposition"].startswith("attachment")
    data = json.loads(answer.content)
    assert [one["number"] for one in data["appeals"]] == [legal.number, appeal.number]
    assert (data["appeals"][1]["name"], data["appeals"][1]["phone"]) == ("Асан Усенов", "+996555123456")
    assert [one["number"] for one in data["supports"]] == [appeal.number]
    acts = {(act["what"], act["text"]) for act in data["appeals"][1]["acts"]}
    assert ("reopen", "It is dark again") in acts
    assert "Mended" not in str(data["appeals"][1]["acts"])
    (photo,) = data["appeals"][1]["files"]
    assert (photo["kind"], photo["link"].startswith("http")) == ("photo", True)
    assert len(data["alerts"]) == 1
    assert "Асан Усенов" in page(client, f"{HERE}delete/")

    client.post(f"{HERE}delete/", {"what": "account", "sure": "yes"})
    assert not Resident.objects.exists()
    assert not Message.objects.filter(kind=SIGN_IN).exists()
    assert AppealContact.objects.get(appeal=appeal).name
    assert Alert.objects.exists()
    signed_in(client=client)
    said = client.post(f"{HERE}delete/", {"what": "data", "sure": "yes"}).content.decode()
    assert "Your account and your data are deleted." in said
    contact = AppealContact.objects.get(appeal=appeal)
    assert not contact.says_who
    assert client.get(f"/en/follow/{contact.secret}/").status_code == 200
    assert AppealContact.objects.get(appeal=legal).name == "Асан Усенов"
    assert not Alert.objects.exists()
    assert not Support.objects.exists()
    assert not SignInCode.objects.exists()


def test_what_an_address_has_is_found_by_indexes(db: None) -> None:
    with connection.cursor() as cursor:
        # As it would be for a million.
        cursor.execute("SET LOCAL enable_seqscan = off")
    resident = Resident(email=ADDRESS)
    assert "contact_email" in contacts_of(resident).order_by().explain()
    assert {"support_person", "support_also"} <= set(
        re.findall(r"support_\w+", supports_at(ADDRESS).explain())
    )


def test_its_pages_take_as_many_queries_however_much_there_is(city: GridCity, appeal: Appeal) -> None:
    client = signed_in()
    counts = []
    for _more in range(2):
        with CaptureQueriesContext(connection) as asked:
            page(client)
        counts.append(len(asked))
        AppealFactory.create_batch(3, category=city.categories["lamp"], contact__email=ADDRESS)
    assert counts[0] == counts[1]
