"""Plain texts in Ukrainian as offices write them, all different, for search to work on."""

from __future__ import annotations

import random
from itertools import accumulate

NOUNS = """
договір рахунок накладна акт послуга товар поставка постачальник покупець замовник виконавець сторона
умова термін строк оплата передоплата сума вартість ціна знижка гривня податок додана вартість банк
реквізити підпис печатка директор бухгалтер менеджер відділ склад сервер обладнання монтаж ремонт
гарантія перевірка якість кількість одиниця штука комплект перелік додаток специфікація проєкт креслення
будівля приміщення оренда орендар власник площа поверх вулиця місто область країна закон кодекс стаття
пункт частина рішення відповідальність порушення штраф пеня збиток форсмажор повідомлення лист відповідь
запит пропозиція замовлення доставка перевезення водій автомобіль пальне маршрут адреса телефон пошта
зберігання документ копія оригінал переклад архів реєстр номер дата рік місяць день година робота
працівник посада зарплата відпустка відрядження наказ розпорядження протокол засідання збори рада
"""
VERBS = "передає приймає оплачує підписує перевіряє виконує надає отримує зберігає повертає узгоджує"


def make_text(seed: int, size_bytes: int) -> str:
    """A text of about so many bytes in UTF-8; the same for the same seed."""
    chosen = random.Random(seed)
    nouns, verbs = NOUNS.split(), VERBS.split()
    # As unlike in frequency as the words of a language are: the first comes most often.
    weights = list(accumulate(1 / (rank + 1) for rank in range(len(nouns))))
    sentences = [f"Договір № {seed}/2026."]
    length = len(sentences[0].encode())
    while length < size_bytes:
        subject, *others = chosen.choices(nouns, cum_weights=weights, k=9)
        sentence = f"{subject.capitalize()} {chosen.choice(verbs)} {' '.join(others)}."
        length += len(sentence.encode()) + 1
        sentences.append(sentence)
    return "\n".join(sentences)
