"""`{% lucide "name" … %}` as the library has it, each picture drawn once: an XML tree is copied and written for it."""

from functools import lru_cache

from django import template
from lucide.templatetags.lucide import lucide

register = template.Library()
register.simple_tag(lru_cache(maxsize=512)(lucide), name="lucide")
