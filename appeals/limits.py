"""Limits of what an appeal may carry. Models, parsers, the OpenAPI document, pages and scripts all read them here.

Characters are counted by code point after normalising (NFC). Limits of photos and films are in ``media``.
"""

from __future__ import annotations

from typing import Final

#: The words of an appeal, and of each answer and reason.
TEXT_MAX: Final = 4_000
#: Of what is not published yet: more than may be, so that whoever has written too much can shorten it.
DRAFT_MAX: Final = 100_000
ADDRESS_MAX: Final = 300
NAME_MAX: Final = 200
#: RFC 5321, 4.5.3.1.3, without its angle brackets.
EMAIL_MAX: Final = 254
#: A phone number as people write it.
PHONE_WRITTEN_MAX: Final = 40
#: The same number in E.164, with room to spare.
PHONE_MAX: Final = 20

#: Where an appeal was imported from, and what it is called there.
SOURCE_MAX: Final = 20
EXTERNAL_ID_MAX: Final = 100

#: URL-safe characters of 6 bits each: at least 128 random bits.
SECRET_MIN: Final = 22
SECRET_MAX: Final = 64

#: Photos, and videos, that one appeal or one answer may carry.
PHOTOS_MAX: Final = 10
VIDEOS_MAX: Final = 2
ATTACHMENTS_MAX: Final = PHOTOS_MAX + VIDEOS_MAX

#: Minutes after sending in which the author may correct an appeal that nobody has acted on, and how often.
CORRECTION_MINUTES: Final = 30
CORRECTIONS_MAX: Final = 5
#: How often the author may add words or files to an appeal.
ADDITIONS_MAX: Final = 20

#: Days after an appeal is closed in which its author may still rate the answer.
RATING_DAYS: Final = 30

#: Words that a list is searched for.
SEARCH_MAX: Final = 200

#: Working days that an author has for a reply, unless the term says otherwise.
REPLY_DAYS: Final = 5

#: Open appeals that are this near, metres, and came in within so many days are perhaps the same (``appeals.alike``).
ALIKE_M: Final = 150
ALIKE_DAYS: Final = 60
#: How many of them are suggested.
ALIKE_MAX: Final = 5

#: Working days that a legal term, or its extension, may have at most.
TERM_DAYS_MAX: Final = 366

#: Characters of what an alert asks for: its corners, each of two numbers, and every category.
ALERT_QUERY_MAX: Final = 8_000
#: The address of a browser at its push service.
ENDPOINT_MAX: Final = 1_000
#: Alerts that one address or browser may have; one that nobody has confirmed is forgotten after so many days,
#: and so is an address that follows an appeal.
ALERTS_MAX: Final = 20
ALERT_CONFIRM_DAYS: Final = 3
#: Appeals of whose steps one browser, or one address, is told.
FOLLOWED_MAX: Final = 100
#: A code to sign in with: digits, minutes for which it is good, how often it may be typed wrongly.
SIGN_IN_DIGITS: Final = 6
SIGN_IN_MINUTES: Final = 15
SIGN_IN_TRIES: Final = 5
#: Days for which a device stays signed in.
SIGNED_IN_DAYS: Final = 180
#: Appeals that an account lists, and that a device adds to it at once.
RESIDENT_APPEALS_MAX: Final = 200
ATTACHED_MAX: Final = 100

#: What a resident says of an appeal, and how many of them stand on a page.
COMMENT_MAX: Final = 1_000
COMMENTS_PAGE: Final = 20
#: Days after an appeal is closed in which it may still be commented on.
COMMENT_DAYS: Final = 30
#: Of how many comments, the latest, a moderation chooses the one that it hides or shows.
COMMENTS_OFFERED: Final = 100

#: Words with which somebody says what is wrong with the content of an appeal, and how many such reports wait for a moderator at
#: most: who comes later is told that enough have come. Closed ones are kept for so many days.
ABUSE_WORDS_MAX: Final = 1_000
ABUSE_REPORTS_MAX: Final = 100
ABUSE_REPORT_DAYS: Final = 180

#: Voices from which on the city answers a proposal, and days in which they are gathered, where the Mayor's Office has said
#: nothing else.
SUPPORT_VOICES: Final = 300
SUPPORT_DAYS: Final = 180
#: Places that supporters of one proposal have marked, as many as are shown of it: the latest.
REPLY_PLACES_MAX: Final = 500
#: What the Mayor's Office may say at most.
SUPPORT_VOICES_MAX: Final = 1_000_000
SUPPORT_DAYS_MAX: Final = 3_650
