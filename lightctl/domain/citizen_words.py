"""What citizens read, in the languages there are: kinds of report, questions, and what became of a report.

Errors are for whoever writes a client and stay English; what an operator writes when closing a report is passed on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType

from lightctl.domain.citizens import SERVICES, Service


class Language(StrEnum):
    """The languages citizens can be spoken to in."""

    ENGLISH = "en"
    GERMAN = "de"


class Phrase(StrEnum):
    """What is said to citizens, in English."""

    GROUP = "street lighting"
    ASK_PLATE = "What is the number on the mast?"
    PLATE_IS = "As it stands on the plate of the mast, for example 0417"
    ASK_DETAIL = "What exactly do you see?"
    THANKS_FOLLOWS = "Thank you. The same was reported before and is being looked after; this report follows that one."
    THANKS_KNOWN = "Thank you. The fault is known and is being looked after."
    THANKS_MATCHED = "Thank you. The report was brought to the light it means, and will be looked at."
    THANKS_UNMATCHED = "Thank you. The report will be looked at; which light it means is not known yet."
    FOLLOWS = "The same was reported before and is being looked after."
    KNOWN = "The fault is known and is being looked after."
    CREW = "A crew is to repair it."
    MENDED = "The fault is repaired."
    REPAIRED = "The light was repaired."
    NOTHING_WRONG = "The light was looked at; nothing was wrong."
    PLANNED = "The work planned there is done."
    DEALT_WITH = "It was dealt with."


_PHRASES: Mapping[Phrase, str] = MappingProxyType({
    Phrase.GROUP: "Straßenbeleuchtung",
    Phrase.ASK_PLATE: "Welche Nummer steht am Mast?",
    Phrase.PLATE_IS: "So wie sie auf dem Schild am Mast steht, zum Beispiel 0417",
    Phrase.ASK_DETAIL: "Was genau ist zu sehen?",
    Phrase.THANKS_FOLLOWS: "Vielen Dank. Dasselbe wurde schon gemeldet und wird bearbeitet; Ihre Meldung folgt jener.",
    Phrase.THANKS_KNOWN: "Vielen Dank. Die Störung ist bekannt und wird bearbeitet.",
    Phrase.THANKS_MATCHED: "Vielen Dank. Ihre Meldung wurde der Leuchte zugeordnet und wird geprüft.",
    Phrase.THANKS_UNMATCHED: "Vielen Dank. Ihre Meldung wird geprüft; welche Leuchte gemeint ist, ist noch offen.",
    Phrase.FOLLOWS: "Dasselbe wurde schon gemeldet und wird bearbeitet.",
    Phrase.KNOWN: "Die Störung ist bekannt und wird bearbeitet.",
    Phrase.CREW: "Die Reparatur ist in Auftrag gegeben.",
    Phrase.MENDED: "Die Störung ist behoben.",
    Phrase.REPAIRED: "Die Leuchte wurde repariert.",
    Phrase.NOTHING_WRONG: "Die Leuchte wurde geprüft; es war nichts festzustellen.",
    Phrase.PLANNED: "Die dort geplante Arbeit ist erledigt.",
    Phrase.DEALT_WITH: "Die Meldung wurde bearbeitet.",
})  # fmt: skip


def _kind(name: str, description: str, keywords: str, **details: str) -> tuple[str, str, str, Mapping[str, str]]:
    return name, description, keywords, MappingProxyType(details)


_KINDS: Mapping[str, tuple[str, str, str, Mapping[str, str]]] = MappingProxyType({
    "lamp_out": _kind(
        "Straßenleuchte aus",
        "Eine Straßenleuchte bleibt nachts dunkel.",
        "dunkel, defekt, kaputt, ausgefallen, Laterne, Straßenlampe",
        one="Nur diese Leuchte",
        row="Mehrere Leuchten nebeneinander",
        street="Die ganze Straße",
    ),
    "lamp_on_by_day": _kind(
        "Straßenleuchte brennt am Tag",
        "Eine Straßenleuchte brennt bei Tageslicht.",
        "Tageslicht, Dauerbrenner, Laterne, Straßenlampe",
        one="Nur diese Leuchte",
        row="Mehrere Leuchten nebeneinander",
        street="Die ganze Straße",
    ),
    "flickering": _kind(
        "Straßenleuchte flackert",
        "Eine Straßenleuchte flackert oder geht an und aus.",
        "flackern, blinken, an und aus, Laterne, Straßenlampe",
        flickers="Sie flackert",
        cycles="Sie geht aus und wieder an",
    ),
    "brightness": _kind(
        "Straßenleuchte zu hell oder zu dunkel",
        "Eine Straßenleuchte blendet, scheint ins Fenster oder gibt zu wenig Licht.",
        "hell, dunkel, blendet, Laterne, Straßenlampe",
        too_bright="Zu hell",
        too_dark="Zu dunkel",
    ),
    "damaged": _kind(
        "Straßenleuchte beschädigt",
        "Ein Mast ist angefahren oder schief, eine Tür steht offen, ein Kabel oder zerbrochenes Glas ist zu sehen. Wo "
        "jemand zu Schaden kommen kann, wählen Sie bitte den Notruf.",
        "Mast, Tür, Kabel, Unfall, Vandalismus, Laterne, Straßenlampe",
        pole="Mast angefahren oder schief",
        door="Tür offen",
        cable="Kabel zu sehen",
        glass="Glas oder Leuchtenkopf zerbrochen",
    ),
})  # fmt: skip


def say(phrase: Phrase, language: Language) -> str:
    """Say something in a language."""
    return str(phrase) if language is Language.ENGLISH else _PHRASES[phrase]


def services(language: Language) -> tuple[Service, ...]:
    """Give the kinds of report there are, in a language."""
    return tuple(service_in(each, language) for each in SERVICES.values())


def service_in(service: Service, language: Language) -> Service:
    """Give a kind of report in a language; its code, its faults and the keys of its details are the same in all."""
    if language is Language.ENGLISH:
        return service
    name, description, keywords, details = _KINDS[service.code]
    return replace(service, name=name, description=description, keywords=keywords, details=details)
