"""What the device says in each language, and what it understands of it."""

from __future__ import annotations

from datetime import datetime

import pytest

from actors.backends.on_device.connection import NO_CONNECTION
from actors.lib.languages.folding import words_of
from actors.lib.languages.line import Line, joined, line
from actors.lib.languages.phrases import Intent, phrases_of, table_of
from actors.lib.languages.tags import base_of, tabled, written_in
from pipeline.frames import FaultClass

EIGHT = ("en", "de", "es", "fr", "pt", "hi", "ar", "ja")


def test_the_languages_that_are_promised_have_a_table() -> None:
    assert set(EIGHT) <= set(tabled())
    assert phrases_of("de-AT") is phrases_of("de")
    assert phrases_of("th") is None


@pytest.mark.parametrize("language", tabled())
def test_a_table_has_words_for_every_fault_and_every_intent(language: str) -> None:
    phrases = table_of(language)
    assert set(phrases.reasons) == {NO_CONNECTION, *FaultClass}
    assert set(phrases.intents) == set(Intent)
    assert set(phrases.wait) == {"second", "minute", "hour"}
    assert all("other" in forms for forms in phrases.wait.values())


@pytest.mark.parametrize("language", tabled())
def test_every_minute_of_a_day_and_every_day_of_a_year_has_its_words(language: str) -> None:
    phrases = table_of(language)
    times = [
        phrases.clock.say(datetime(2026, 1, 1, *divmod(at, 60)), phrases.digits)
        for at in range(1440)
    ]
    assert len(set(times)) >= 720
    dates = {
        phrases.date.say(datetime.fromordinal(740_000 + day), phrases.digits) for day in range(365)
    }
    assert len(dates) == 365
    for each in (*times, *dates):
        assert "{" not in each.written + each.spoken
        assert "|" not in each.written + each.spoken


@pytest.mark.parametrize(
    ("language", "hour", "minute", "said"),
    [
        ("en", 15, 5, "It is 3:05 PM."),
        ("de", 1, 5, "Es ist 1 Uhr 5."),
        ("de", 14, 0, "Es ist 14 Uhr."),
        ("es", 13, 0, "Es la 1 en punto de la tarde."),
        ("es", 12, 45, "Es la 1 menos cuarto del mediodía."),
        ("es", 20, 30, "Son las 8 y media de la noche."),
        ("fr", 0, 0, "Il est minuit."),
        ("fr", 12, 30, "Il est midi et demi."),
        ("fr", 21, 10, "Il est 21 heures 10."),
        ("pt", 1, 30, "É 1 e meia."),
        ("pt", 22, 1, "São 22 horas e 1 minuto."),
        ("hi", 13, 30, "दोपहर के डेढ़ बजे हैं।"),
        ("hi", 6, 45, "सुबह के पौने 7 बजे हैं।"),
        ("hi", 18, 20, "शाम के 6 बजकर 20 मिनट हुए हैं।"),
        ("ar", 15, 30, "الساعة الآن الثالثة والنصف عصرا."),
        ("ar", 23, 45, "الساعة الآن الثانية عشرة إلا ربعا ليلا."),
        ("ar", 8, 25, "الساعة الآن الثامنة و٢٥ دقيقة صباحا."),
        ("ja", 0, 0, "今、午前0時です。"),
        ("ja", 16, 8, "今、午後4時8分です。"),
    ],
)
def test_the_time_is_said_as_people_say_it(
    language: str, hour: int, minute: int, said: str
) -> None:
    phrases = table_of(language)
    now = datetime(2026, 11, 28, hour, minute)
    assert phrases.clock.say(now, phrases.digits).written == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Today is Sunday, November 1, 2026."),
        ("de", "Heute ist Sonntag, der 1. November 2026."),
        ("es", "Hoy es domingo, 1 de noviembre de 2026."),
        ("fr", "Nous sommes le dimanche 1er novembre 2026."),
        ("pt", "Hoje é domingo, 1º de novembro de 2026."),
        ("hi", "आज रविवार, 1 नवंबर 2026 है।"),
        ("ar", "اليوم هو الأحد، ١ نوفمبر ٢٠٢٦."),
        ("ja", "今日は2026年11月1日、日曜日です。"),
    ],
)
def test_the_date_is_said_as_people_say_it(language: str, said: str) -> None:
    phrases = table_of(language)
    assert phrases.date.say(datetime(2026, 11, 1), phrases.digits).written == said


def test_what_the_voice_would_misread_is_spelt_for_it() -> None:
    japanese, arabic = table_of("ja"), table_of("ar")
    time = japanese.clock.say(datetime(2026, 11, 1, 4, 8), japanese.digits)
    assert time == Line("今、午前4時8分です。", "いま、ごぜんよじはっぷんです。")
    assert (
        table_of("de").clock.say(datetime(2026, 11, 1, 1, 0), "0123456789").spoken
        == "Es ist ein Uhr."
    )
    spoken = arabic.say("stopped")
    assert (spoken.written, spoken.spoken) == ("حسنا.", "حَسَنًا.")


def test_nothing_that_the_device_says_in_japanese_needs_a_dictionary() -> None:
    phrases = table_of("ja")
    said = [*phrases.reasons.values(), *phrases.wait["hour"].values(), phrases.date.says]
    said += [value for value in phrases.model_dump().values() if isinstance(value, str)]
    names = "text error noun values reason wait command n weekday day month year"
    values = dict.fromkeys(names.split(), "か")
    for each in said:
        spoken = line(each, **values).spoken
        assert not any("\u4e00" <= character <= "\u9fff" for character in spoken), each


QUESTIONS = {
    "en": (
        "What time is it? | What day is it today? | Say that again, please. | "
        "What did I say? | Are you online? | Who are you? | Stop! | Thanks | Good morning"
    ),
    "de": (
        "Wie viel Uhr ist es? | Welcher Tag ist heute? | Sag das bitte noch einmal. | "
        "Was habe ich gesagt? | Was ist los? | Wer bist du? | Hör auf! | Vielen Dank | "
        "Grüß dich"
    ),
    "es": (
        "¿Qué hora es? | ¿Qué día es hoy? | Repite, por favor. | ¿Qué he dicho? | ¿Qué pasa? | "
        "¿Quién eres? | ¡Cállate! | Muchas gracias | ¡Hola!"
    ),
    "fr": (
        "Quelle heure est-il\u202f? | Quel jour sommes-nous ? | Répétez, s’il vous plaît. | "
        "Qu'ai-je dit ? | Que se passe-t-il ? | Qui es-tu ? | Arrête ! | Merci beaucoup | "
        "Bonsoir"
    ),
    "pt": (
        "Que horas são? | Que dia é hoje? | Repita, por favor. | O que eu disse? | "
        "Você está online? | Quem é você? | Chega! | Muito obrigada | Olá!"
    ),
    "hi": (
        "अभी कितने बजे हैं? | आज क्या तारीख है? | फिर से कहिए। | मैंने क्या कहा? | क्या हुआ? | "
        "आप कौन हैं? | रुको! | बहुत धन्यवाद | नमस्ते"
    ),
    "ar": (
        "كَمِ السَّاعَةُ الآنَ؟ | ما هو تاريخ اليوم؟ | أعد من فضلك | ماذا سألت؟ | "
        "هل أنت متصل؟ | من أنت؟ | توقّف! | شكراً جزيلاً | السلام عليكم"
    ),
    "ja": (
        "今何時ですか？ | 今日は何日ですか。 | もう一度言ってください。 | 私は何て言った？ | "
        "どうしたの？ | あなたは誰ですか。 | 止まって！ | ありがとうございます | こんにちは"
    ),
}
"""What is asked in each language, in the order of the intents."""


@pytest.mark.parametrize("language", EIGHT)
def test_a_question_is_understood_for_what_it_is(language: str) -> None:
    questions = QUESTIONS[language].split(" | ")
    understood = [table_of(language).intent_of(said) for said in questions]
    assert understood == list(Intent)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "What time is it in Tokyo?"),
        ("de", "Stopp den Motor und fahr nach Berlin."),
        ("es", "¿Cuál es la capital de España?"),
        ("fr", "Raconte-moi une histoire de pirates."),
        ("pt", "Para onde vamos amanhã?"),
        ("hi", "भारत की राजधानी क्या है?"),
        ("ar", "ما هي عاصمة مصر؟"),
        ("ja", "日本の首都はどこですか。"),
    ],
)
def test_a_question_for_others_is_none_of_these(language: str, said: str) -> None:
    assert table_of(language).intent_of(said) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("What's the time\u2014now?", "what's the time now"),
        ("¿Qué\xa0hora es?", "que hora es"),
        ("كَمِ السَّاعَةُ؟ ٣", "كم الساعه 3"),
        ("ज़रा १२ बजे", "जरा 12 बजे"),
        ("ジュースが ４つ。", "ジュースが 4つ"),
        ("x-3 12-14 -5 3,5 m... 3.", "x 3 12 14 -5 3,5 m 3"),
        ("", ""),
    ],
)
def test_words_are_compared_without_what_people_leave_out(text: str, words: str) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("中文字", "zh"),
        ("漢字とかな", "ja"),
        ("नमस्ते", "hi"),
        ("שלום", "he"),
        ("สวัสดี", "th"),
        ("Привет", "ru"),
        ("مرحبا", "ar"),
        ("안녕", "ko"),
        ("Hello, 3", None),
    ],
)
def test_a_script_tells_of_a_language(text: str, language: str | None) -> None:
    assert written_in(text) == language


def test_names_and_codes_of_languages_come_to_the_same() -> None:
    assert {base_of(each) for each in ("de", "de-AT", "DE_de", "German", " german ")} == {"de"}
    assert (base_of("iw-IL"), base_of("cmn-CN")) == ("he", "zh")


def test_numbers_of_things_have_their_forms() -> None:
    assert [table_of("ar").duration(n, "minute").written for n in (1, 2, 3, 11)] == [
        "دقيقة واحدة",
        "دقيقتين",
        "٣ دقائق",
        "١١ دقيقة",
    ]
    assert table_of("de").duration(1, "hour").written == "einer Stunde"
    assert table_of("ja").duration(8, "minute") == Line("8分", "はっぷん")


def test_lines_of_japanese_are_put_together_without_a_space() -> None:
    assert joined(Line("はい。"), Line("いいえ。")).written == "はい。いいえ。"
    assert joined(Line("Yes."), Line("No.")).written == "Yes. No."
