"""Make the office files anew: ``python make_files.py FOLDER``, by a Python that has LibreOffice's ``uno``.

What LibreOffice does not write is made where SheetJS and officecrypto-tool (node), or msgforge, are found.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).with_name("source")
CONVERSIONS = {
    "contract.fodt": ("doc:MS Word 97", "rtf:Rich Text Format", "docx:MS Word 2007 XML", "odt"),
    "prices.fods": ("xls:MS Excel 97", "xlsx", "ods"),
    "slides.fodp": ("ppt:MS PowerPoint 97", "pptx", "odp"),
}
KNOWN_TO_ALL = "VelvetSweatshop"
PROTECTED = (
    ("prices.ods", "secret.xlsx", "Calc MS Excel 2007 XML", "secret"),
    ("prices.ods", "opens-for-all.xlsx", "Calc MS Excel 2007 XML", KNOWN_TO_ALL),
    ("prices.ods", "secret.xls", "MS Excel 97", "secret"),
    ("prices.ods", "opens-for-all.xls", "MS Excel 97", KNOWN_TO_ALL),
    ("slides.odp", "secret.pptx", "Impress MS PowerPoint 2007 XML", "secret"),
)
# LibreOffice ends on saving a text with a password through its interface, so another program does that.
NODE = """
const fs = require('fs'), sheets = require('xlsx'), crypto = require('officecrypto-tool')
const workbook = sheets.readFile('prices.xlsx', {cellDates: true, cellStyles: true})
sheets.writeFile(workbook, 'prices.xlsb', {bookType: 'xlsb'})
sheets.writeFile(workbook, 'excel-5.xls', {bookType: 'biff5'})
fs.writeFileSync('secret.docx', crypto.encrypt(fs.readFileSync('contract.docx'), {password: 'secret'}))
"""


def main(folder: Path) -> None:
    """Make all that can be made here in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        office = ["soffice", "--headless", "--norestore", f"-env:UserInstallation={Path(profile).as_uri()}"]
        for source, formats in CONVERSIONS.items():
            for target in formats:
                convert = ["--convert-to", target, "--outdir", str(folder), str(SOURCES / source)]
                subprocess.run([*office, *convert], check=True, timeout=120)
        protect(office, folder)
    slides = folder / "slides.ppt"
    (folder / "slides.ppt.gz").write_bytes(gzip.compress(slides.read_bytes(), mtime=0))
    slides.unlink()
    if shutil.which("node"):
        subprocess.run(["node", "-e", NODE], cwd=folder, check=False, timeout=120)
    if importlib.util.find_spec("msgforge"):
        make_messages(folder)


def protect(office: list[str], folder: Path) -> None:
    """Save with passwords, through the interface of a LibreOffice that is started for it."""
    import uno
    from com.sun.star.beans import PropertyValue

    def named(**values: Any) -> tuple[Any, ...]:
        return tuple(PropertyValue(Name=name, Value=value) for name, value in values.items())

    pipe = f"pipe,name=make{os.getpid()};urp"
    program = subprocess.Popen([*office, f"--accept={pipe}"])
    context = uno.getComponentContext()
    resolver = context.ServiceManager.createInstance("com.sun.star.bridge.UnoUrlResolver")
    for attempt in range(60):
        try:
            context = resolver.resolve(f"uno:{pipe};StarOffice.ComponentContext")
            break
        except Exception:
            if attempt == 59:
                raise
            time.sleep(0.5)
    desktop = context.ServiceManager.createInstance("com.sun.star.frame.Desktop")
    for source, target, kind, password in PROTECTED:
        document = desktop.loadComponentFromURL((folder / source).as_uri(), "_blank", 0, named(Hidden=True))
        how = named(FilterName=kind, EncryptionData=encryption(password))
        document.storeToURL((folder / target).as_uri(), how)
        document.close(True)
    program.terminate()
    program.wait(30)


def encryption(password: str) -> Any:
    """What filters want to be told of a password: for xlsx and pptx itself, for xls the key made of it."""
    import uno
    from com.sun.star.beans import NamedValue

    salt = bytes(range(16))
    key = hashlib.md5((hashlib.md5(password.encode("utf-16-le")).digest()[:5] + salt) * 16).digest()
    values = {
        "OOXPassword": password,
        "CryptoType": "Standard",
        "STD97EncryptionKey": uno.ByteSequence(key),
        "STD97UniqueID": uno.ByteSequence(salt),
    }
    named = tuple(NamedValue(Name=name, Value=value) for name, value in values.items())
    return uno.Any("[]com.sun.star.beans.NamedValue", named)


def make_messages(folder: Path) -> None:
    """Write two messages as Outlook does."""
    from msgforge import Message

    ivan, olena = ("ivan@beta.example", "Іван Ґалаґан"), ("olena@alfa.example", "Олена Петренко")
    page = (
        "<p>Шановна Олено!</p><table><tr><td>Комутатор</td><td>4 шт.</td></tr></table>"
        "<p>Просимо оплатити до п’ятниці.</p>"
    )
    oleg = ("oleg@beta.example", "Олег Щербак")
    letter = Message(subject="Рахунок на оплату № 17", html_body=page, to=[olena], cc=[oleg], sender=ivan)
    letter.attach(str(folder / "prices.xls"))
    letter.save(str(folder / "letter-html.msg"))
    text = "Добрий день!\nЧекаємо на підписаний акт.\nС уважением, Щукин"
    Message(subject="Нагадування", text_body=text, to=[olena], sender=ivan).save(
        str(folder / "letter-text.msg")
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
