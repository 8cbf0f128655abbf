"""Who: accounts, persons, contact ways, windows, blocks, links, changes, holdings."""
