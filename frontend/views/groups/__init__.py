"""Groups: my groups, founding, a group's own page, its ways in, its meetings and dates."""
