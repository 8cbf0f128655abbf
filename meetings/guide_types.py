"""The type codes of the Meeting Guide spec (code4recovery/spec, complete: 87), and the few of our own.

Lists and feeds speak the spec's English; pages show the names in the reader's language (frontend.finder_filters).
"""


def pgettext(_context: str, name: str) -> str:
    """Marks a name for script/translate and leaves it as it is: nothing here knows a framework."""
    return name


TYPES: dict[str, str] = {
    "11": pgettext("type", "11th Step Meditation"),
    "12x12": pgettext("type", "12 Steps & 12 Traditions"),
    "A": pgettext("type", "Secular"),
    "ABSI": pgettext("type", "As Bill Sees It"),
    "AF": pgettext("type", "Afrikaans"),
    "AL": pgettext("type", "Concurrent with Alateen"),
    "AL-AN": pgettext("type", "Concurrent with Al-Anon"),
    "AM": pgettext("type", "Amharic"),
    "AR": pgettext("type", "Arabic"),
    "ASL": pgettext("type", "American Sign Language"),
    "B": pgettext("type", "Big Book"),
    "BA": pgettext("type", "Babysitting Available"),
    "BE": pgettext("type", "Newcomer"),
    "BG": pgettext("type", "Bulgarian"),
    "BI": pgettext("type", "Bisexual"),
    "BRK": pgettext("type", "Breakfast"),
    "C": pgettext("type", "Closed"),
    "CAN": pgettext("type", "Candlelight"),
    "CF": pgettext("type", "Child-Friendly"),
    "D": pgettext("type", "Discussion"),
    "DA": pgettext("type", "Danish"),
    "DB": pgettext("type", "Digital Basket"),
    "DD": pgettext("type", "Dual Diagnosis"),
    "DE": pgettext("type", "German"),
    "DR": pgettext("type", "Daily Reflections"),
    "EL": pgettext("type", "Greek"),
    "EN": pgettext("type", "English"),
    "FA": pgettext("type", "Persian"),
    "FI": pgettext("type", "Finnish"),
    "FF": pgettext("type", "Fragrance Free"),
    "FR": pgettext("type", "French"),
    "G": pgettext("type", "Gay"),
    "GR": pgettext("type", "Grapevine"),
    "H": pgettext("type", "Birthday"),
    "HE": pgettext("type", "Hebrew"),
    "HI": pgettext("type", "Hindi"),
    "HR": pgettext("type", "Croatian"),
    "HU": pgettext("type", "Hungarian"),
    "IS": pgettext("type", "Icelandic"),
    "ITA": pgettext("type", "Italian"),
    "JA": pgettext("type", "Japanese"),
    "KA": pgettext("type", "Georgian"),
    "KOR": pgettext("type", "Korean"),
    "L": pgettext("type", "Lesbian"),
    "LGBTQ": pgettext("type", "LGBTQ"),
    "LIT": pgettext("type", "Literature"),
    "LS": pgettext("type", "Living Sober"),
    "LT": pgettext("type", "Lithuanian"),
    "M": pgettext("type", "Men"),
    "MED": pgettext("type", "Meditation"),
    "ML": pgettext("type", "Malayalam"),
    "MT": pgettext("type", "Maltese"),
    "N": pgettext("type", "Native American"),
    "NB": pgettext("type", "Non-Binary"),
    "NDG": pgettext("type", "Indigenous"),
    "NE": pgettext("type", "Nepali"),
    "NL": pgettext("type", "Dutch"),
    "NO": pgettext("type", "Norwegian"),
    "O": pgettext("type", "Open"),
    "OUT": pgettext("type", "Outdoor"),
    "P": pgettext("type", "Professionals"),
    "POA": pgettext("type", "Proof of Attendance"),
    "POC": pgettext("type", "People of Color"),
    "POL": pgettext("type", "Polish"),
    "POR": pgettext("type", "Portuguese"),
    "PUN": pgettext("type", "Punjabi"),
    "RUS": pgettext("type", "Russian"),
    "S": pgettext("type", "Spanish"),
    "SEN": pgettext("type", "Seniors"),
    "SK": pgettext("type", "Slovak"),
    "SL": pgettext("type", "Slovenian"),
    "SM": pgettext("type", "Smoking Permitted"),
    "SP": pgettext("type", "Speaker"),
    "ST": pgettext("type", "Step Study"),
    "SV": pgettext("type", "Swedish"),
    "T": pgettext("type", "Transgender"),
    "TC": pgettext("type", "Location Temporarily Closed"),
    "TH": pgettext("type", "Thai"),
    "TL": pgettext("type", "Tagalog"),
    "TR": pgettext("type", "Tradition Study"),
    "TUR": pgettext("type", "Turkish"),
    "UK": pgettext("type", "Ukrainian"),
    "W": pgettext("type", "Women"),
    "X": pgettext("type", "Wheelchair Access"),
    "XB": pgettext("type", "Wheelchair-Accessible Bathroom"),
    "XT": pgettext("type", "Cross Talk Permitted"),
    "Y": pgettext("type", "Young People"),
    # tolerated in lists, not in the spec
    "ONL": pgettext("type", "Online"),
    # ours: said by the list, never guessed
    "X-MED": pgettext("type", "Medication-friendly"),
}

NOT_SHOWN = frozenset({"ONL", "TC"})  # said by the mode and the state of the meeting

# the codes that name the language a meeting is held in, by ISO 639 code
LANGUAGE_CODES: dict[str, str] = {
    "AF": "af", "AM": "am", "AR": "ar", "ASL": "ase", "BG": "bg", "DA": "da", "DE": "de", "EL": "el", "EN": "en",
    "FA": "fa", "FI": "fi", "FR": "fr", "HE": "he", "HI": "hi", "HR": "hr", "HU": "hu", "IS": "is", "ITA": "it",
    "JA": "ja", "KA": "ka", "KOR": "ko", "LT": "lt", "ML": "ml", "MT": "mt", "NE": "ne", "NL": "nl", "NO": "no",
    "POL": "pl", "POR": "pt", "PUN": "pa", "RUS": "ru", "S": "es", "SK": "sk", "SL": "sl", "SV": "sv", "TH": "th",
    "TL": "tl", "TUR": "tr", "UK": "uk",
}  # fmt: skip
LANGUAGES = frozenset(LANGUAGE_CODES)
# the codes that say who can get in and take part
ACCESS = frozenset({"X", "XB", "ASL", "BA", "CF", "FF", "OUT", "XT", "SM"})
