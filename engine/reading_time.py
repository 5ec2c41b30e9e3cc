"""How long a page takes to read."""

WORDS_PER_MINUTE = 200  # where the language was not measured
SPEEDS = {
    "ar": 138,
    "de": 179,
    "en": 228,
    "es": 218,
    "fi": 161,
    "fr": 195,
    "he": 187,
    "it": 188,
    "ja": 357,
    "pl": 166,
    "pt": 181,
    "ru": 184,
    "sl": 180,
    "sv": 199,
    "tr": 166,
    "zh": 255,
}
"""Words in a minute; of Chinese and Japanese, which do not separate words, characters."""


def reading_minutes(words: int, language: str) -> int:
    """Return the whole minutes, at least one, that *words* take in a language.

    Args:
        words: As `engine.markup.scan.count_words` counts them.
        language: A BCP 47 tag.

    Source:
        Trauzettel-Klosinski and Dietz, "Standardized Assessment of Reading Performance: The New International
        Reading Speed Texts IReST" (Investigative Ophthalmology & Visual Science 53, 2012).
    """
    speed = SPEEDS.get(language.partition("-")[0].lower(), WORDS_PER_MINUTE)
    return max(1, round(words / speed))
