"""The people a member chose: supporters, their invitations, the consent ledger."""
