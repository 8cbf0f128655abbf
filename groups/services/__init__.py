"""The only writers of groups: the groups themselves, who belongs to them, and the ways in."""

from groups.services.groups import group_close, group_found, group_keeping_set, group_update
from groups.services.invitations import (
    invitation_make,
    invitation_open,
    invitation_renew,
    invitation_revoke,
    invitation_use,
)
from groups.services.memberships import (
    membership_confirm,
    membership_end,
    membership_name_facilitator,
    membership_refuse,
    membership_role_set,
    membership_withdraw,
)

__all__ = [
    "group_close",
    "group_found",
    "group_keeping_set",
    "group_update",
    "invitation_make",
    "invitation_open",
    "invitation_renew",
    "invitation_revoke",
    "invitation_use",
    "membership_confirm",
    "membership_end",
    "membership_name_facilitator",
    "membership_refuse",
    "membership_role_set",
    "membership_withdraw",
]
