"""When: meetings, occurrences, the finder, feeds, commitments, sheets and marks."""
