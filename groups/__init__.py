"""Where: groups, memberships, roles, invitations."""
