"""The watch: rules, pauses, watches, episodes, escalation."""
