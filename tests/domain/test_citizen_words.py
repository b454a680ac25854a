from __future__ import annotations

from lightctl.domain.citizen_words import Language, Phrase, say, services
from lightctl.domain.citizens import SERVICES


def test_every_kind_of_report_and_every_phrase_is_said_in_every_language():
    for language in Language:
        assert all(say(phrase, language) for phrase in Phrase)
        for there, own in zip(services(language), SERVICES.values(), strict=True):
            assert (there.code, there.events, list(there.details)) == (own.code, own.events, list(own.details))
            assert there.name
            assert there.description
            assert there.keywords


def test_no_german_word_is_an_english_one():
    german = [say(phrase, Language.GERMAN) for phrase in Phrase]
    assert not set(german) & {str(phrase) for phrase in Phrase}
