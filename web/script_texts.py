"""Every sentence that the scripts say, by the key they know it by; the words themselves are in the locale files.

Numbers go into the sentences as they are (``Appeals: 12``), so that no script needs the plural forms of three languages.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def script_texts() -> dict[str, str]:
    """Sentences in the language of the request. ``%(name)s`` is filled in by the script."""
    return {
        "loading": _("Loading…"),
        "close": _("Close"),
        "retry": _("Try again"),
        "page.incomplete": _("A part of this page could not be loaded."),
        "unit.m": pgettext("unit of length", "m"),
        "unit.km": pgettext("unit of length", "km"),
        # The map
        "map.title": _("Map of the city"),
        "map.show": _("Show the map"),
        "map.marker": _("The chosen place"),
        "map.attribution": _("Sources of the map"),
        "map.zoomIn": _("Zoom in"),
        "map.zoomOut": _("Zoom out"),
        "map.locate": _("Show where I am"),
        "map.locate.unavailable": _("Your position is not available"),
        "map.locate.outside": _("Your phone places you outside the city. The map shows the city instead."),
        "map.gestures.wheel": _("Hold Ctrl and scroll to zoom the map"),
        "map.gestures.mac": _("Hold ⌘ and scroll to zoom the map"),
        "map.gestures.touch": _("Move the map with two fingers"),
        "map.layers": _("Layers"),
        "map.answered": _("Answered ones too"),
        "map.heat": _("Where appeals gather"),
        "map.districts": _("Borders of the districts"),
        "map.works": _("Planned works"),
        "map.works.failed": _("The planned works could not be loaded."),
        "map.legend": _("Status of an appeal"),
        "map.overdue": _("Overdue"),
        "map.overdue.share": _("The red arc around a circle shows how many of its appeals are overdue."),
        "map.failed": _("The appeals could not be loaded."),
        "map.groundMissing": _("The streets could not be loaded."),
        "map.unreachable": _("The map could not be loaded."),
        "map.empty": _("There are no appeals in this part of the map."),
        "map.empty.awaiting": _("No appeal in this part of the map awaits an answer."),
        "map.empty.filtered": _("No appeal in this part of the map matches the filters."),
        "map.noWebgl.browse": _("This device cannot draw the map. The list has the same appeals."),
        "map.noWebgl.pick": _(
            "This device cannot draw the map. Give the address or the coordinates instead."
        ),
        "map.noWebgl.single": _("This device cannot draw the map."),
        "map.lost": _("The device has stopped drawing the map."),
        "map.lost.browse": _("The device has stopped drawing the map. The list has the same appeals."),
        # The card of a pin
        "card.title": _("The chosen appeal"),
        "card.open": _("Read the appeal"),
        "card.many": _("Appeals at this place: %(count)s"),
        # As appeals.gathering says it.
        "card.gathering": _(
            "%(count)s of %(needed)s voices. The city must answer once %(needed)s people support it."
        ),
        "card.awaited": _("Voices: %(count)s. The city must answer in public by %(day)s."),
        "card.answered": _("Voices: %(count)s. The city has answered."),
        "card.over": _("%(count)s of %(needed)s voices. No more voices are gathered."),
        # The list
        "list.failed": _("The list could not be loaded."),
        # Without a network
        "offline": _("You are offline. This is what was loaded before."),
        "offline.map": _("You are offline: the map shows what was loaded before."),
        "offline.list": _("You are offline: the list cannot be updated now."),
        "online": _("You are back online."),
        # The form: place
        "place.locating": _("Finding your position…"),
        "place.denied": _("Your phone did not share its position. Tap the map or type an address."),
        "place.imprecise": _(
            "Your position is only accurate to %(metres)s m: move the pin to the right spot."
        ),
        "place.located": _("Your phone places you here, to within %(metres)s m."),
        "place.photo": _(
            "The place is where the photo was taken. If the problem is elsewhere, move the pin."
        ),
        "place.photoOutside": _(
            "The photo was taken outside the city, so that the place is still to be given."
        ),
        "place.rough": _("The pin is where you tapped. Now move it to the exact spot."),
        "place.outside": _(
            "Your phone places you outside the city, so the pin was not put there. Tap the map or type an address."
        ),
        "place.outsideTyped": _(
            "This place is outside the city, so the pin was taken away. Tap the map or type an address."
        ),
        "place.searching": _("Searching…"),
        "place.none": _("No such street or place is known. Tap the map instead."),
        "place.choose": _("Several places fit: choose yours from the list, or tap the map."),
        "place.noList": _(
            "The list of places needs a network. What you typed is kept: tap the picture of the city where it is, or press "
            "“I am here”."
        ),
        "place.found": _("Places found: %(count)s"),
        "place.chosen": _("Chosen: %(place)s"),
        "place.coordinates": _("The pin is at %(lat)s, %(lon)s."),
        "place.unreadable": _(
            "These are no coordinates, so the pin was taken away. Write them as 40.5172, 72.8037, or tap the map."
        ),
        "place.addressGone": _(
            "The address “%(address)s” was taken out: the pin is %(metres)s m away from it now."
        ),
        "place.addressFar": _(
            "The pin is %(metres)s m away from where the address “%(address)s” was given: check that it is right."
        ),
        "place.searchFailed": _("The search does not answer. Tap the map instead."),
        # The form: who answers
        "route.title": _("Answers: %(service)s"),
        "route.because": _("Why: %(reason)s"),
        "route.district": _("District: %(district)s"),
        "route.due": _("The answer is due by %(day)s."),
        "route.question": _(
            "Supporters of such proposals are asked: “%(question)s” Once it is sent, you can answer on your page of the appeal."
        ),
        "route.waiting": _("Choose the place and the category, and you will see who answers and by when."),
        "route.failed": _("Who answers will be decided when the appeal arrives."),
        "alike.title": _("Has somebody written of it already?"),
        "alike.support": _("It is the same: support it"),
        "alike.what": _(
            "If it is the same, one press counts you in: it is answered sooner than a second one."
        ),
        "works.known": _("Known already"),
        "works.until": _("until %(until)s"),
        "works.what": _("If it is this, you need not write. If it is something else, go on."),
        # The form: words and files
        "text.left": _("Characters left: %(count)s"),
        "text.tooLong": _("Too long by %(count)s characters."),
        "upload.preparing": _("Preparing…"),
        "upload.sending": _("Sending: %(percent)s %%"),
        "upload.done": _("Attached"),
        "upload.processing": _("Attached; the video is being prepared"),
        "upload.failed": _("Could not be sent."),
        "upload.refused": _("%(name)s was not accepted: remove it to go on. %(reason)s"),
        "upload.waiting": _("Will be sent when you are back online"),
        "upload.remove": _("Remove %(name)s"),
        "upload.retry": _("Send again"),
        "upload.tooMany": _("Not attached: %(names)s. At most: photos – %(photos)s, videos – %(videos)s."),
        "upload.noRoom": _(
            "There is no room to keep it on this device. Leave this page open until it is sent."
        ),
        "upload.tooLarge": _("%(name)s is larger than %(limit)s MB."),
        "upload.tooLong": _("%(name)s is longer than %(limit)s seconds."),
        "upload.notMedia": _("%(name)s is neither a photo nor a video."),
        # The form: draft and sending
        "draft.restored": _("Your unfinished appeal is here as you left it."),
        "draft.supported": _(
            "You supported an appeal that was there already. What you had begun to write is still kept on this device."
        ),
        "draft.takeUp": _("Go on with it"),
        "draft.discard": _("Start over"),
        "draft.discardSure": _("Discard everything you have typed?"),
        "draft.saved": _("Saved on this device"),
        "steps.of": _("Step %(number)s of %(count)s"),
        "check.files": pgettext("photos and videos of an appeal", "Attached: %(count)s"),
        "check.missing": _("Still missing"),
        "form.sending": _("Sending…"),
        "form.send": _("Send the appeal"),
        "form.errors": _("Your appeal has not been sent yet. Still to correct (%(count)s):"),
        "form.required.point": _("Show the place: tap the map or type an address."),
        "form.required.category": _("Choose what the appeal is about."),
        "form.required.name": _(
            "An appeal under the law needs the author's full name: surname and first name."
        ),
        "form.required.postal_address": _("An appeal under the law needs the author's postal address."),
        "form.required.phone": _(
            "An appeal under the law needs a phone number or an e-mail address of its author."
        ),
        "form.required.text": _("Describe it in a few words."),
        "form.failed": _(
            "The server could not take the appeal just now. It is kept on this device; try again."
        ),
        "category.suggested": _("By your words it may be:"),
        "category.because": _("for “%(word)s”"),
        "form.noLeaf": _("No category has such a word in its name."),
        # The desk
        "desk.kept": _("Kept at %(time)s"),
        "desk.sheetKept": _(
            "Your unfinished version is kept (%(time)s); only you see it until the button is pressed."
        ),
        "desk.cut": _(
            "Too long to be kept whole: the end is on this page alone. Shorten it before you go on."
        ),
        "desk.restored": _("Your unfinished text is here again; it has not been sent."),
        "desk.thrown": _("Thrown away."),
        "desk.unreached": _("Not sent: the server does not answer. All of it is kept here; try again."),
        "deskMap.all": _("The map has all appeals of this list: %(count)s."),
        "deskMap.first": _(
            "The map has the first %(count)s appeals of this list and those of this page; there are more. A narrower "
            "filter shows the others."
        ),
        "deskMap.page": _(
            "The map has the appeals of this page alone: %(count)s. The others could not be loaded."
        ),
        # A place is marked
        "markedPlace.hint": _(
            "Tap the map. With the keyboard: the arrow keys move the map, Enter puts the pin in its middle."
        ),
        "markedPlace.back": _("Remove the place"),
        "markedPlace.outside": _("This place is outside the city. Mark another one on the map."),
        "markedPlace.unread": _("This is no latitude and longitude: it cannot be sent so."),
        # The place of an appeal is put right
        "appealPin.hint": _(
            "Drag the pin to the right place, or press there. With the keyboard: the arrow keys move the map, Enter puts the "
            "pin in its middle."
        ),
        "appealPin.same": _("Same place and category: the same service answers."),
        "appealPin.failed": _("Who would answer could not be asked just now."),
        "appealPin.unread": _(
            "This is not a latitude and longitude. If it is the name of a place, it is looked up when the form is sent."
        ),
        "appealPin.back": _("Back to where it was"),
        # The place of news is drawn
        "draw.hint": _(
            "Press the map for each corner; drag a corner to move it. A chosen corner gets the next one behind it. With the "
            "keyboard: the arrow keys move the map, Enter puts a corner in its middle; on a corner the arrow keys move it, "
            "Delete removes it."
        ),
        "draw.remove": _("Remove the corner"),
        "draw.clear": _("Remove all corners"),
        "draw.corner": _("Corner %(n)s: %(lat)s, %(lon)s"),
        "draw.unread": _("Line %(n)s is no latitude and longitude."),
        "draw.count": _("Corners: %(count)s"),
        # Areas of a photo
        "areas.hint": _(
            "Draw rectangles on the photo with the mouse or a finger. With the keyboard: add an area; the arrow keys "
            "move it, with Shift they change its size; Delete removes it."
        ),
        "areas.choose": _("Choose a photo first: then areas can be drawn on it."),
        "areas.add": _("Add an area"),
        "areas.remove": _("Remove the area"),
        "areas.one": _(
            "Area %(n)s: %(left)s %% from the left, %(top)s %% from the top, %(width)s %% wide, %(height)s %% high"
        ),
        # One's own appeals
        "mine.none": _("No appeal has been sent from this device yet."),
        "mine.waiting": _(
            "What is still to be sent from this device is named above. It is listed here as soon as it is registered."
        ),
        "mine.here": _("In “My appeals” on this device"),
        # The outbox
        "outbox.waiting": _("Waiting for a connection. It will be sent automatically."),
        "outbox.noNetwork": _(
            "There is still no connection. It will be sent automatically as soon as there is one."
        ),
        "outbox.sending": _("Sending: %(percent)s %%"),
        "outbox.proving": _(
            "A lot has been sent from your internet connection. Instead of a picture puzzle, your device does a short calculation: %(percent)s %%"
        ),
        "outbox.held": _("Not sent. It is kept on this device."),
        "outbox.heldTitle": _("Not sent"),
        "outbox.keptTitle": _("Saved until you are back online"),
        "outbox.toMap": _("To the map"),
        "outbox.kept": _(
            "There is no network. Your appeal is kept on this device and will be sent as soon as there is one. "
            "You may close this page."
        ),
        "outbox.sent": _("Registered: № %(number)s"),
        "outbox.follow": _("Follow it"),
        "outbox.refused": _("It could not be taken: %(reason)s"),
        "outbox.edit": _("Fix it"),
        "outbox.change": _("Edit"),
        "outbox.sendNow": _("Send now"),
        "outbox.stop": _("Do not send"),
        "outbox.delete": _("Delete"),
        "outbox.deleteSure": _("Delete this appeal, with its photos and videos? It has not been sent."),
    }
