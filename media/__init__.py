"""What residents and services send as evidence: photos and videos, made safe to show.

Nothing here knows an appeal or the database. Bytes or files go in; clean, re-encoded pictures and films
come out, or :class:`~media.refusal.MediaRefused` says in the reader's language why not.
"""
