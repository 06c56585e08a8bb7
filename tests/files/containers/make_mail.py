"""Makes the messages of this folder: by the standard library, and by hand as mail programs write them.

Run it here after make.sh. What it imitates of each program stands beside it.
"""

from __future__ import annotations

import base64
import mailbox
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

HERE = Path(__file__).parent
WORD = "vnd.openxmlformats-officedocument.wordprocessingml.document"


def b64(text: str, charset: str, width: int = 76) -> bytes:
    code = base64.b64encode(text.encode(charset))
    return b"\r\n".join(code[at : at + width] for at in range(0, len(code), width))


def word(text: str, charset: str) -> bytes:
    return b"=?" + charset.encode() + b"?B?" + base64.b64encode(text.encode(charset)) + b"?="


def composed() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Олена Петренко <olena@alfa.example>"
    message["To"] = "Іван Коваль <ivan@beta.example>, buh@beta.example"
    message["Cc"] = "Юридичний відділ <law@alfa.example>"
    message["Subject"] = "Договір поставки серверного обладнання: підписати до п'ятниці"
    message["Date"] = format_datetime(datetime(2026, 3, 5, 10, 15, tzinfo=UTC))
    message["Message-ID"] = "<1@alfa.example>"
    message.set_content("Надсилаю договір і архів угоди.\n")
    message.add_alternative(
        "<html><body><p>Надсилаю <b>договір</b> і архів угоди.</p><script>var x</script></body></html>",
        "html",
    )
    archive = (HERE / "tar.tar.gz").read_bytes()
    message.add_attachment(archive, maintype="application", subtype="gzip", filename="угода.tar.gz")
    message.add_attachment("Зауваження;Сума\nзнижка;5\n", subtype="csv", filename="Зауваження.csv")
    return message


# Outlook: encoded words in the charset of Windows or KOI8, file names in encoded words, a picture of the
# signature, HTML that Word made.
OUTLOOK = b"\r\n".join(
    [
        b"From: " + word("Коваль Іван", "koi8-u") + b" <ivan@beta.example>",
        b"To: <olena@alfa.example>",
        b"Subject: " + word("RE: Договір ", "koi8-u") + b"\r\n " + word("поставки", "koi8-u"),
        b"Date: Fri, 6 Mar 2026 09:00:12 +0200",
        b"Message-ID: <000001dcad3e$1$2@beta.example>",
        b"MIME-Version: 1.0",
        b'Content-Type: multipart/mixed;\r\n\tboundary="----=_NextPart_000_0001_01DCAD4F.8A1B2C30"',
        b"X-Mailer: Microsoft Outlook 16.0",
        b"Content-Language: uk",
        b"",
        b"This is a multipart message in MIME format.",
        b"",
        b"------=_NextPart_000_0001_01DCAD4F.8A1B2C30",
        b'Content-Type: multipart/related;\r\n\tboundary="----=_NextPart_001_0002_01DCAD4F.8A1B2C30"',
        b"",
        b"------=_NextPart_001_0002_01DCAD4F.8A1B2C30",
        b'Content-Type: multipart/alternative;\r\n\tboundary="----=_NextPart_002_0003_01DCAD4F.8A1B2C30"',
        b"",
        b"------=_NextPart_002_0003_01DCAD4F.8A1B2C30",
        b'Content-Type: text/plain;\r\n\tcharset="koi8-u"\r\nContent-Transfer-Encoding: base64',
        b"",
        b64("Погоджую, але їхня ціна зависока.", "koi8-u"),
        b"",
        b"------=_NextPart_002_0003_01DCAD4F.8A1B2C30",
        b'Content-Type: text/html;\r\n\tcharset="koi8-u"\r\nContent-Transfer-Encoding: base64',
        b"",
        b64(
            '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta http-equiv=Content-Type '
            'content="text/html; charset=koi8-u"><style>p.MsoNormal{margin:0}</style></head><body>'
            "<p class=MsoNormal>Погоджую, але їхня ціна зависока.<o:p></o:p></p>"
            '<img src="cid:image001.png@01DCAD4F" alt="Бета"></body></html>',
            "koi8-u",
        ),
        b"",
        b"------=_NextPart_002_0003_01DCAD4F.8A1B2C30--",
        b"",
        b"------=_NextPart_001_0002_01DCAD4F.8A1B2C30",
        b'Content-Type: image/png;\r\n\tname="image001.png"\r\nContent-Transfer-Encoding: base64',
        b"Content-ID: <image001.png@01DCAD4F>",
        b"",
        base64.b64encode(b"\x89PNG\r\n\x1a\n of a logo"),
        b"",
        b"------=_NextPart_001_0002_01DCAD4F.8A1B2C30--",
        b"",
        b"------=_NextPart_000_0001_01DCAD4F.8A1B2C30",
        b'Content-Type: text/plain;\r\n\tname="' + word("Правки.txt", "koi8-u") + b'"',
        b"Content-Transfer-Encoding: base64",
        b'Content-Disposition: attachment;\r\n\tfilename="' + word("Правки.txt", "koi8-u") + b'"',
        b"",
        b64("Пункт 4.2 викласти в іншій редакції", "cp1251"),
        b"",
        b"------=_NextPart_000_0001_01DCAD4F.8A1B2C30--",
        b"",
    ]
)

# Gmail: base64 in UTF-8, a forwarded letter in the text, an attachment by its X-Attachment-Id.
GMAIL = b"\r\n".join(
    [
        b"Delivered-To: olena@alfa.example",
        b"Received: by 2002:a05:6a10 with SMTP id x1; Mon, 9 Mar 2026 01:02:03 -0800 (PST)",
        b"MIME-Version: 1.0",
        b"From: " + word("Ірина Шевченко", "UTF-8") + b" <iryna@gamma.example>",
        b"Date: Mon, 9 Mar 2026 11:02:03 +0200",
        b"Message-ID: <CAF=abc@mail.gmail.com>",
        b"Subject: " + word("Fwd: Акт виконаних робіт", "UTF-8"),
        b"To: olena@alfa.example",
        b'Content-Type: multipart/mixed; boundary="0000000000001a2b3c0630"',
        b"",
        b"--0000000000001a2b3c0630",
        b'Content-Type: multipart/alternative; boundary="0000000000001a2b3a0630"',
        b"",
        b"--0000000000001a2b3a0630",
        b'Content-Type: text/plain; charset="UTF-8"',
        b"Content-Transfer-Encoding: base64",
        b"",
        b64("Дивіться нижче.\n\n---------- Forwarded message ---------\nВід: Бухгалтерія\n", "utf-8"),
        b"--0000000000001a2b3a0630",
        b'Content-Type: text/html; charset="UTF-8"',
        b"Content-Transfer-Encoding: base64",
        b"",
        b64(
            '<div dir="ltr">Дивіться нижче.<br><br><div class="gmail_quote">---------- Forwarded message '
            "---------<br>Від: <strong>Бухгалтерія</strong><br>Тема: Акт виконаних робіт<br><br>"
            "Просимо підписати акт за лютий.</div></div>",
            "utf-8",
        ),
        b"--0000000000001a2b3a0630--",
        b"--0000000000001a2b3c0630",
        b'Content-Type: application/zip; name="' + word("Акти.zip", "UTF-8") + b'"',
        b'Content-Disposition: attachment; filename="' + word("Акти.zip", "UTF-8") + b'"',
        b"Content-Transfer-Encoding: base64",
        b"X-Attachment-Id: f_mkl1",
        b"Content-ID: <f_mkl1>",
        b"",
        base64.encodebytes((HERE / "nested.zip").read_bytes()).replace(b"\n", b"\r\n"),
        b"--0000000000001a2b3c0630--",
        b"",
    ]
)

# Thunderbird: a letter forwarded as an attachment whose name goes over lines, quoted-printable, flowed.
THUNDERBIRD = b"\r\n".join(
    [
        b"Message-ID: <7b@delta.example>",
        b"Date: Tue, 10 Mar 2026 12:00:00 +0200",
        b"MIME-Version: 1.0",
        b"User-Agent: Mozilla Thunderbird",
        b"From: =?UTF-8?Q?=D0=9C=D0=B0=D1=80=D1=96=D1=8F_?= =?UTF-8?Q?=D0=91=D0=BE=D0=B9=D0=BA=D0=BE?=",
        b" <maria@delta.example>",
        b"To: olena@alfa.example",
        b"Subject: =?windows-1251?Q?Fwd:_=D0=E0=F5=F3=ED=EE=EA_?=\r\n =?windows-1251?Q?=B9_128?=",
        b'Content-Type: multipart/mixed; boundary="------------0a1b2c"',
        b"",
        b"This is a multi-part message in MIME format.",
        b"--------------0a1b2c",
        b"Content-Type: text/plain; charset=windows-1251; format=flowed",
        b"Content-Transfer-Encoding: quoted-printable",
        b"",
        b"=CE=EF=EB=E0=F2=B3=F2=FC, =E1=F3=E4=FC =EB=E0=F1=EA=E0.",
        b"",
        b"--------------0a1b2c",
        b'Content-Type: message/rfc822; charset=UTF-8; name="128.eml"',
        b"Content-Disposition: attachment;",
        b" filename*0*=UTF-8''%D0%A0%D0%B0%D1%85%D1%83;",
        b" filename*1*=%D0%BD%D0%BE%D0%BA%20128.eml",
        b"",
        b"From: buh@delta.example",
        b"To: maria@delta.example",
        b"Subject: =?koi8-r?B?" + base64.b64encode("Счёт на оплату".encode("koi8-r")) + b"?=",
        b"Date: Mon, 9 Mar 2026 18:00:00 +0200",
        b"MIME-Version: 1.0",
        b"Content-Type: text/plain; charset=koi8-r",
        b"Content-Transfer-Encoding: 8bit",
        b"",
        "Во вложении счёт за февраль.".encode("koi8-r"),
        b"",
        b"--------------0a1b2c--",
        b"",
    ]
)

# Old programs: letters as they are in the header, a charset that is not the one, one of none.
RAW = (
    "From: Склад <sklad@epsilon.example>\r\nTo: Олена Петренко <olena@alfa.example>\r\n"
    "Subject: Залишки на складі, терміново\r\nDate: Wed, 11 Mar 2026 08:00:00 +0200\r\n"
    "X-Mailer: The Bat! (v3.99)\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    "Content-Transfer-Encoding: 8bit\r\n\r\nЗалишилося десять серверів і двадцять моніторів.\r\n"
).encode("cp1251")

# A mailer that cuts encoded words anywhere: in the middle of the letter "п" here.
_CUT = "Терміново: рахунок оплачено".encode()
CUT = b"\r\n".join(
    [
        b"From: robot@zeta.example",
        b"Subject: =?utf-8?B?" + base64.b64encode(_CUT[:27]) + b"?=",
        b" =?utf-8?B?" + base64.b64encode(_CUT[27:]).rstrip(b"=") + b"?=",
        b"Date: Thu, 12 Mar 2026 08:00:00 +0200",
        b"To: undisclosed-recipients:;",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=x",
        b"",
        b"--x",
        b"",
        "Лист не доставлено".encode("koi8-u"),
        b"--x",
        b"Content-Type: message/delivery-status",
        b"",
        b"Reporting-MTA: dns; mx.zeta.example",
        b"",
        b"Final-Recipient: rfc822; nobody@zeta.example",
        b"Action: failed",
        b"",
        b"--x--",
        b"",
    ]
)


def main() -> None:
    (HERE / "composed.eml").write_bytes(composed().as_bytes())
    messages = {
        "outlook": OUTLOOK,
        "gmail": GMAIL,
        "thunderbird": THUNDERBIRD,
        "raw-cp1251": RAW,
        "bounce": CUT,
    }
    for name, data in messages.items():
        (HERE / f"{name}.eml").write_bytes(data)
    path = HERE / "inbox.mbox"
    path.unlink(missing_ok=True)
    box = mailbox.mbox(path)
    quoted = EmailMessage()
    quoted["From"], quoted["Subject"] = "a@b.example", "Про дорогу"
    quoted["Message-ID"], quoted["Date"] = "<9@b.example>", "Fri, 13 Mar 2026 08:00:00 +0200"
    quoted.set_content("Маршрут:\n\nFrom Kyiv to Lviv at 10:15 by train\n", cte="8bit")
    for message in (THUNDERBIRD, quoted, RAW):
        box.add(message)
    box.flush()


if __name__ == "__main__":
    main()
