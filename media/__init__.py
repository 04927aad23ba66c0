"""What residents and services send as evidence: photos and videos, made safe to show.

Nothing here knows about appeals or the database. Bytes or files go in; clean, re-encoded photos and videos
come out, or :class:`~media.refusal.MediaRefused` says why not, in the reader's language.
"""
