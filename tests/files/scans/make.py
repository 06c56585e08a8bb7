"""Makes the pictures of this folder: ``python tests/files/scans/make.py`` writes them anew beside itself.

Text is drawn by Pillow as a scanner or a phone would see it: tilted, noisy, of low contrast, packed by JPEG.
What only other programs write (the HEIC file, the PDF files) is told in README.md.
"""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

TEXTS = {
    "uk": """ДОГОВІР ПОСТАЧАННЯ № 12/2026-К
м. Київ                                   15 березня 2026 року

Товариство з обмеженою відповідальністю «Альфа», далі
Постачальник, в особі директора Олени Петренко, та
Приватне підприємство «Ґудзик», далі Покупець, уклали
цей договір про таке.

1. Постачальник зобов'язується передати у власність
Покупця серверне обладнання, а Покупець зобов'язується
прийняти його та сплатити вартість згідно з рахунком.
2. Ціна договору становить 125 000,00 грн разом із ПДВ.
3. Строк дії: до повного виконання зобов'язань сторін.""",
    "ru": """СЧЁТ НА ОПЛАТУ № 348 от 02.04.2026

Поставщик: общество с ограниченной ответственностью
«Северный ветер», город Днепр, улица Набережная, 7
Покупатель: предприниматель Михаил Объедков

Наименование товара              Количество    Сумма
Кабель медный трёхжильный        250 метров    18 750,00
Выключатель автоматический       12 штук       4 320,00
Щит распределительный            1 штука       9 900,00
Итого к оплате: 32 970,00 гривен, включая налог.
Оплатить до пятницы, подъезд к складу со двора.""",
    "en": """SUPPLY AGREEMENT No. INV-0012
Kyiv, 15 March 2026

The Supplier shall deliver the equipment listed below to
the warehouse of the Buyer within thirty days after the
advance payment. The Buyer shall inspect the goods and
sign the certificate of acceptance.

Rack server, two processors              3 pieces
Uninterruptible power supply             1 piece
Warranty: thirty-six months from the date of delivery""",
}
"""What stands on the pictures, by language."""

FONTS = Path("/usr/share/fonts/truetype/dejavu")


def draw_page(text: str, font: str, dots_per_inch: int, width_inches: float = 6.0) -> Image.Image:
    """A clean page: text of 11 points with a margin."""
    size = round(11 * dots_per_inch / 72)
    drawing_font = ImageFont.truetype(font, size)
    lines = text.split("\n")
    width = round(width_inches * dots_per_inch)
    picture = Image.new("L", (width, round(size * 1.5 * (len(lines) + 3))), 255)
    drawing = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        drawing.text((size * 2, size * 1.5 * (number + 1)), line, font=drawing_font, fill=25)
    return picture


def scan(page: Image.Image, tilt_degrees: float, noise: float, seed: int) -> Image.Image:
    """The page as a scanner gives it: tilted, on grey paper, a little out of focus, with noise."""
    tilted = page.rotate(tilt_degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    blurred = tilted.filter(ImageFilter.GaussianBlur(0.6))
    paper = blurred.point(lambda level: 40 + level * 0.78)
    grain = Image.frombytes("L", paper.size, random.Random(seed).randbytes(paper.width * paper.height))
    return Image.blend(paper, grain, noise)


def landscape(width: int, height: int, seed: int) -> Image.Image:
    """Sky, hills and grass without a letter: plasma of several scales, as in a photo."""
    chance = random.Random(seed)
    picture = Image.new("RGB", (width, height), (140, 180, 225))
    for layer, colour in enumerate([(120, 140, 160), (90, 120, 90), (60, 95, 50), (80, 110, 40)]):
        drawing = ImageDraw.Draw(picture)
        level = height * (0.35 + 0.15 * layer)
        heights = [level]
        while len(heights) < width // 8 + 2:
            heights.append(heights[-1] + chance.uniform(-9, 9) + (level - heights[-1]) * 0.05)
        ridge = [(x * 8, y) for x, y in enumerate(heights)]
        drawing.polygon([(0, height), *ridge, (width, height)], fill=colour)
        for _ in range(900):
            x, y = chance.uniform(0, width), chance.uniform(level, height)
            tint = chance.randint(-25, 25)
            shade = tuple(max(0, min(255, part + tint)) for part in colour)
            drawing.line(
                [(x, y), (x + chance.uniform(-6, 6), y - chance.uniform(5, 22))], fill=shade, width=2
            )
    return picture.filter(ImageFilter.GaussianBlur(1.2))


def main() -> None:
    """Write the pictures."""
    folder = Path(__file__).parent
    serif, sans = str(FONTS / "DejaVuSerif.ttf"), str(FONTS / "DejaVuSans.ttf")
    letter = scan(draw_page(TEXTS["uk"], serif, 150), 1.5, 0.06, 1)
    letter.save(folder / "contract-uk.jpg", quality=40)
    invoice = scan(draw_page(TEXTS["ru"], sans, 150), -1.0, 0.02, 2)
    invoice.point(lambda level: 255 * (level > 140), "1").save(folder / "invoice-ru.png", optimize=True)
    agreement = scan(draw_page(TEXTS["en"], serif, 150), 0.8, 0.03, 3)
    agreement.save(folder / "agreement-en.webp", quality=45)

    pages = [
        scan(draw_page(text, sans, 200), 1.2, 0.04, 4).point(lambda level: 255 * (level > 130), "1")
        for text in TEXTS.values()
    ]
    pages[0].save(
        folder / "fax-three-pages.tif",
        save_all=True,
        append_images=pages[1:],
        compression="group4",
        dpi=(200, 200),
    )

    lying = shadow(scan(draw_page(TEXTS["uk"], sans, 130), 0.0, 0.05, 5)).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right by 90 degrees to see it upright
    lying.save(folder / "photo-turned-by-exif.jpg", quality=45, exif=exif)
    scan(draw_page(TEXTS["en"], serif, 130), 0.0, 0.05, 6).rotate(180).save(
        folder / "upside-down.jpg", quality=40
    )
    notice = draw_page("УВАГА!\nСклад зачинено\nдо понеділка", sans, 120, 2.5)
    notice.point(lambda level: 255 * (level > 130), "1").save(folder / "notice.bmp")
    notice.convert("P").save(folder / "notice.gif")
    landscape(900, 600, 7).save(folder / "landscape.jpg", quality=45)


def shadow(page: Image.Image) -> Image.Image:
    """The page as a phone sees it, half in the shade."""
    return ImageChops.multiply(
        page, Image.linear_gradient("L").resize(page.size).point(lambda level: 50 + level * 0.8)
    )


if __name__ == "__main__":
    main()
