import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.turn.asking import asks_back

ASKS = [
    "Which floor do you need?",
    "Which floor do you need? ",
    "¿A qué piso va?",
    "Welche Etage? (Eins? Zwei?)",
    'He said: "Which floor?"',
    "Vous cherchez quelque chose ?",
    "«Какой этаж?»",
    "Really?!",
    "Really!?",
    "Well?..",
    "Ποιον όροφο θέλετε;",
    "Ποιον όροφο θέλετε\u037e",
    "أي طابق تريد؟",
    "آپ کو کونسی منزل چاہیے؟",
    "您要去几楼\uff1f",
    "「何階ですか\uff1f」",
    "몇 층으로 가세요?",
    "የትኛውን ፎቅ ትፈልጋለህ፧",
    "Ո՞ր հարկն եք ուզում\u0589",
    "Which floor? 🙂",
    "1 or 2?",
    "Is it H₂?",
    "क्या आप दूसरी मंज़िल पर जाना चाहते हैं?",
]
ASKS_NOTHING = [
    "",
    " ",
    "The second floor.",
    "You asked: which floor? It is the second.",
    "It is on the left; then go up;",
    "Стоп;",
    ";",
    "二楼。",
    "٢؛",
    "Երկրորդ հարկը\u0589",
    "Ո՞ր հարկը\u0589 Երկրորդը\u0589",
    "ชั้นไหน",
    "?¿ two",
    "...",
    "😀",
]


@pytest.mark.parametrize("text", ASKS)
def test_a_question_at_the_end_asks_back_in_any_script(text):
    assert asks_back(text)


@pytest.mark.parametrize("text", ASKS_NOTHING)
def test_anything_else_asks_nothing(text):
    assert not asks_back(text)


@given(st.text())
def test_any_text_can_be_judged_and_a_question_mark_at_its_end_asks(text):
    asks_back(text)
    assert asks_back(text + "?")
    assert not asks_back(text + "? yes")
