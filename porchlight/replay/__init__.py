"""Scenario files (docs/rules.md, section 9): played through the real services, worker and outbox with a moved clock.

In the order of their use:

- `loading`: YAML to plain values, strictly.
- `scenario`: plain values to a `Scenario`; every fault of a file is found here (`Malformed`).
- `world`: the people, groups and meetings of a scenario as rows.
- `playing`: time runs; what was sent and what the streaks are.
- `difference`: what `expect` says and what came.
- `throwaway`: the database of one run.
"""
