"""What was acknowledged stays, however the local cloud ends.

AWS: a write that was answered is stored. Stock MiniStack: everything but S3's objects is written when the
process stops cleanly, so that a killed one falls back to its last clean stop.
Here: every item of a table and every execution's record is appended to a journal before the answer goes out;
what else a call changes is written before its answer, a service's whole state at once, for it is small; and
what changes without a call (logs, schedules) every few seconds. A journal replayed over a later state
changes nothing, so that the two need no common moment.
"""
