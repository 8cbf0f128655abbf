"""The HTML face: views by page, forms, templates, static ES modules."""
