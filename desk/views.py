"""The desk's pages: each parses, calls a queryset or an action, and renders. They work without JavaScript."""

from __future__ import annotations

from typing import Final, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.posts import Right
from accounts.roles import Role, standing_of
from appeals.actions.drafts import drop_draft, keep_draft
from appeals.actors import Person
from appeals.alike import alike
from appeals.dossier import dossier_of
from appeals.filters import FILTERS, filter_fields
from appeals.gathering import voices_of
from appeals.limits import ALIKE_MAX, TEXT_MAX
from appeals.models import Appeal, Attachment, Comment
from appeals.redactions import redactions_of
from appeals.workflow import CLEAR, COVER, DUPLICATE, REDACT, SUBMIT_FOR, VERBS
from desk.answer_templates import NAMES_AUTHOR, filled, names_author, offered
from desk.bulk import CHOSEN, bulk_verbs
from desk.doors import for_staff, restore_held
from desk.drafts import drafts_here
from desk.live import EVERY_MS
from desk.models import ContactSeen, FileTaken
from desk.moderation import Reported, reported_of, why_held
from desk.queue import PAGE_SIZE, Listed, Place, Queue, Sort, counted_to, parse_place
from desk.rows import Look, rows_as_html
from desk.saved import Saved, calendar_and_saved, nothing_left, places_of
from geo.paging import AFTER, BEFORE, PageRequest
from rates.taking import TooMany
from web.discussion import discussion_context
from web.parameters import left_out
from web.uploads import browser_of, holders_of
from web.verb_forms import TAKES, Attempt, VerbForm, attempt, verb_context

#: Of those who saw an author's data on the page of the appeal; the whole file names all of them.
SEEN_MAX: Final = 50


@require_safe
@for_staff
def queue_page(request: HttpRequest) -> HttpResponse:
    """The queue of the person's services (of all of them, for the Mayor's Office) in tabs, sorted as asked."""
    standing = standing_of(request.user)
    if not standing.works_on_appeals:
        return redirect("desk:scoreboard")
    place, errors = parse_place(request.GET)
    user = cast("User", request.user)
    calendar, saved = calendar_and_saved(user, standing)
    queue = Queue.of(user, calendar)
    listed = queue.listed(place, places_of(saved))
    page = listed.page
    # The tab decides the status, and whoever works for one service alone has no other to choose.
    chosen_by = ["kind", *(["service"] if standing.office else []), "category", "district"]
    fields = filter_fields(place.wanted, errors, request.GET, names=["q", *chosen_by])

    here = reverse("desk:queue")

    def address(there: Place) -> str:
        return f"{here}?{there.as_query()}"

    total = listed.counts[place.tab]
    look = Look(
        calendar=queue.calendar,
        today=queue.today,
        place=place.as_query(),
        office=standing.office,
        assignees=any(appeal.assignee_email for appeal in page.rows),
        chosen=request.GET.get(CHOSEN) == "all",
    )
    context = {
        "office": standing.office,
        "tab": place.tab,
        "tabs": [
            {
                "tab": each,
                "count": listed.counts[each],
                "full": listed.counts[each] >= listed.most,
                "url": address(place.in_tab(each)),
            }
            for each in queue.tabs
        ],
        "saved": _saved_tabs(saved, listed, place),
        "headings": {
            each.column: {
                "url": address(
                    place.sorted_by(place.sort.turned if each.column == place.sort.column else each)
                ),
                "direction": _direction(place.sort) if each.column == place.sort.column else "",
            }
            for each in Sort
            if not each.descending
        },
        "sort": place.sort.value if place.sort is not place.tab.sort else "",
        "rows": rows_as_html(page.rows, look),
        "live_every_ms": EVERY_MS,
        "bulk_verbs": bulk_verbs(),
        "takes_down": standing.everywhere in SUBMIT_FOR.roles,
        "choose_all_url": f"{here}?{place.as_query(chosen='all')}",
        "shows_assignees": look.assignees,
        "place": place.as_query(),
        "list_query": place.at(PageRequest()).as_query(),
        "total": total,
        "total_is_full": total >= listed.most,
        "first_row": listed.ahead + 1 if listed.ahead < listed.most else None,
        "last_row": listed.ahead + len(page.rows),
        "next_url": address(place.at(PageRequest(PAGE_SIZE, after=page.next))) if page.next else "",
        "previous_url": address(place.at(PageRequest(PAGE_SIZE, before=page.previous)))
        if page.previous
        else "",
        "first_url": address(place.at(PageRequest(PAGE_SIZE))) if page.previous else "",
        "drafts": listed.drafts,
        "wanted": place.wanted,
        "errors": errors,
        "left_out": left_out(
            request.GET, {"tab", "sort", *(declared.name for declared in FILTERS), AFTER, BEFORE, CHOSEN}
        ),
        "clear_url": address(Place(place.tab, place.sort)),
        "fields": fields,
        "chosen_by": [fields[name] for name in chosen_by],
    }
    return render(request, "desk/queue.html", context, status=400 if {AFTER, BEFORE} & set(errors) else 200)


def _saved_tabs(saved: list[Saved], listed: Listed, here: Place) -> list[dict[str, object]]:
    """The saved filters as the row of tabs shows them; one that finds nothing any more has no count, and says why."""
    counts = iter(listed.others)
    shown: list[dict[str, object]] = []
    for each in saved:
        place = each.place
        count = next(counts) if place else 0
        problem = nothing_left(place, listed.keys) if place else each.problem
        if place is None or problem:
            url = f"{reverse('desk:filters')}#filter-{each.pk}"
            shown.append({"name": each.name, "shared": each.shared, "problem": problem, "url": url})
            continue
        shown.append(
            {
                "name": each.name,
                "shared": each.shared,
                "count": count,
                "full": count >= counted_to(place.wanted),
                "here": place.as_query() == here.at(PageRequest()).as_query(),
                "url": f"{reverse('desk:queue')}?{place.as_query()}",
            }
        )
    return shown


def _direction(sort: Sort) -> str:
    return "descending" if sort.descending else "ascending"


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff
def appeal_page(request: HttpRequest, number: int) -> HttpResponse:
    """One appeal with its contact data and a form for each verb that the workflow allows; POST sends one of them.

    The address carries the place in the queue that the reader came from, which the ways back and on lead to.
    409 with everything typed kept when somebody was faster. An appeal that is with another service is shown as the
    public sees it: its contact data is not for this reader.
    """
    standing = standing_of(request.user)
    place, _errors = parse_place(request.GET)
    appeal = _find(request, number)
    role = standing.role_towards(appeal.service_id)
    if role is Role.PUBLIC:
        if request.method == "POST":
            return _moved(request, appeal)
        return redirect(appeal)
    restore_held(request, appeal)
    tried = Attempt()
    if request.method == "POST" and "insert" in request.POST:
        return _insert(request, appeal, place)
    if request.method == "POST":
        by = Person(cast("User", request.user), browser=browser_of(request))
        tried = attempt(request, appeal, role, by)
        if tried.done:
            done = (request.POST["verb"], *request.POST.getlist(TAKES))
            drop_draft(request.user, appeal, *done)  # type: ignore[arg-type]
            messages.success(request, tried.done)
            moved_away = standing.role_towards(_find(request, number).service_id) is Role.PUBLIC
            path = reverse("desk:queue") if moved_away else reverse("desk:appeal", args=[number])
            return redirect(f"{path}?{place.as_query()}")
        appeal = _find(request, number)
        role = standing.role_towards(appeal.service_id)
        if role is Role.PUBLIC:
            # Forwarded by a colleague meanwhile: this reader may no longer see its contact data.
            return _moved(request, appeal, tried)
    contact = ContactSeen.objects.contact_for(cast("User", request.user), appeal, ContactSeen.How.PAGE)
    dossier = dossier_of(appeal, request.user, internal=True)
    reported = reported_of(appeal) if role in CLEAR.roles else Reported()
    verbs = verb_context(
        appeal, role, tried, dossier.clock, drafts_here(request.user, appeal), reports=reported.keys
    )
    queue = Queue.of(cast("User", request.user), dossier.clock.calendar)
    next_appeal, previous_appeal = queue.beside(place, appeal)
    takes_files = standing.may(Right.FILES)
    # Hidden ones too.
    comments = Comment.objects.filter(appeal=appeal)
    context = verbs | {
        **discussion_context(request, comments, f"{request.path}?{place.as_query()}"),
        "dossier": dossier,
        "appeal": appeal,
        "contact": contact,
        "voices": voices_of(appeal) if appeal.is_proposal else None,
        "office": standing.office,
        "takes_files": takes_files,
        "files_taken": FileTaken.objects.filter(appeal=appeal).select_related("by") if takes_files else (),
        "contact_seen": ContactSeen.objects.filter(appeal=appeal).select_related("by")[:SEEN_MAX]
        if takes_files
        else (),
        "reported": reported,
        "odd": why_held([appeal]).get(appeal.pk, ()) if role in CLEAR.roles else (),
        "redactions": redactions_of(appeal) if role in REDACT.roles else (),
        "covered": Attachment.objects.filter(appeal=appeal).exclude(covered=[])
        if role in COVER.roles
        else (),
        "show_actors": True,
        "tells_why": True,
        "live_every_ms": EVERY_MS,
        "answer_templates": offered(appeal),
        "may_take": appeal.assignee_id != request.user.pk
        and appeal.service_id in standing.service_ids
        and any(form.row.assigns for form in verbs["forms"]),
        "alike": alike(appeal, ALIKE_MAX) if any(form.row is DUPLICATE for form in verbs["forms"]) else [],
        "alike_verb": DUPLICATE,
        "awaits_answer": any(form.row.answers for form in verbs["forms"]),
        "place": place.as_query(),
        "next_appeal": next_appeal,
        "previous_appeal": previous_appeal,
    }
    return tried.shown_in(render(request, "desk/appeal.html", context))


def _insert(request: HttpRequest, appeal: Appeal, place: Place) -> HttpResponse:
    """Puts a template after what is written; all of it is the writer's draft, which stands in the form."""
    row = VERBS.get(request.POST.get("verb", ""))
    given = request.POST.get("template", "")
    template = next((each for each in offered(appeal) if str(each.pk) == given), None)
    if row is None or not row.speaks:
        raise Http404
    form = VerbForm(row, Role.SERVICE, appeal, request.POST, request.FILES, holders=holders_of(request))
    text = form.text
    _take_files(request, form)
    if template is None:
        messages.error(request, _("This template is not there any more."))
    else:
        text = f"{text.rstrip()}\n\n{filled(template, appeal)}".strip()
        if len(text) > TEXT_MAX:
            words = _(
                "With the template the text is too long by %(n)d characters: shorten it before you send it."
            )
            messages.warning(request, words % {"n": len(text) - TEXT_MAX})
        if names_author(template):
            messages.warning(request, str(NAMES_AUTHOR))
    keep_draft(
        request.user,  # type: ignore[arg-type]
        appeal,
        row.code,
        text=text,
        uploads=[upload.pk for upload in form.received],
        browser=browser_of(request),
    )
    return redirect(f"{reverse('desk:appeal', args=[appeal.number])}?{place.as_query()}#{row.code}-text")


def _moved(request: HttpRequest, appeal: Appeal, tried: Attempt | None = None) -> HttpResponse:
    """Nothing was done, since the appeal went to another service meanwhile; words and files are kept as a draft."""
    messages.error(
        request,
        _("Nothing was done: appeal %(number)s is with another service now (%(service)s).")
        % {"number": f"№ {appeal.number}", "service": appeal.service.short},
    )
    row = VERBS.get(request.POST.get("verb", ""))
    if row is None:
        return redirect("desk:queue")
    form = (
        tried.form
        if tried and tried.form
        else VerbForm(row, Role.SERVICE, appeal, request.POST, request.FILES, holders=holders_of(request))
    )
    _take_files(request, form)
    kept = keep_draft(
        request.user,  # type: ignore[arg-type]
        appeal,
        row.code,
        text=form.text,
        uploads=[upload.pk for upload in form.received],
        browser=browser_of(request),
    )
    return redirect("desk:drafts" if kept else "desk:queue")


def _take_files(request: HttpRequest, form: VerbForm) -> None:
    """Stores the form's files for a draft of its words; what is refused is said on the next page."""
    form.full_clean()
    try:
        form.take_files(request)
    except TooMany as refusal:
        messages.error(request, str(refusal))
    for sentence in form.errors.get("files", []):
        messages.error(request, str(sentence))


def _find(request: HttpRequest, number: int) -> Appeal:
    appeal = (
        Appeal.objects.visible_to(request.user)
        .with_names()
        .select_related("assignee")
        .filter(number=number)
        .first()
    )
    if appeal is None:
        raise Http404
    return appeal
