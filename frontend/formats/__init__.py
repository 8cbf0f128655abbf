"""How dates read in each language; Django looks here before its own (FORMAT_MODULE_PATH).

A page names a form as it is in English, as in `|date:"j F Y"`. Where another language says it differently, its module
holds its own form under that very name. A test finds every form that pages and texts name.
"""
