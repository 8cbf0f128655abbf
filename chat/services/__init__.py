"""The only writers of talk, a noun per module."""

from chat.services.entries import TOPIC, entries_write, message_post, pace, paces, sender_of
from chat.services.marks import read_mark_set, read_marks_set
from chat.services.moderation import message_report, report_decide, silence_set, slow_set
from chat.services.notices import WISHES, notices_decide, notices_wish, tag_of
from chat.services.rooms import (
    SEATS,
    craving_room_open,
    pair_room_open,
    room_close,
    room_member_add,
    room_member_remove,
    room_of,
    rooms_open,
)

__all__ = [
    "SEATS",
    "TOPIC",
    "WISHES",
    "craving_room_open",
    "entries_write",
    "message_post",
    "message_report",
    "notices_decide",
    "notices_wish",
    "pace",
    "paces",
    "pair_room_open",
    "read_mark_set",
    "read_marks_set",
    "report_decide",
    "room_close",
    "room_member_add",
    "room_member_remove",
    "room_of",
    "rooms_open",
    "sender_of",
    "silence_set",
    "slow_set",
    "tag_of",
]
