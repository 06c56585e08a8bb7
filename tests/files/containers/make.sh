#!/bin/bash
# Makes the archives, the book and the drawing of this folder with the programs named in README.md. Run it here.
set -euo pipefail
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8 HOME=$work
cd "$work"

cat > contract.html <<'HTML'
<html><head><meta charset="utf-8"><title>Договір поставки</title></head><body>
<h1>Договір поставки № 14/2026</h1>
<p>Постачальник зобов'язується передати серверне обладнання.</p>
<h1>Порядок розрахунків</h1>
<p>Оплата за рахунками протягом десяти днів.</p>
</body></html>
HTML
office() { soffice --headless --convert-to "$1" --outdir "$work" "$2" > /dev/null 2>&1; }
office 'docx:MS Word 2007 XML' contract.html
office 'pdf:writer_web_pdf_Export' contract.html
office 'odt:writer8' contract.html && office 'epub:EPUB' contract.odt

mkdir -p 'Угода 42/Рахунки'
mv contract.docx 'Угода 42/Договір поставки.docx'
mv contract.pdf 'Угода 42/Рахунки/Рахунок 128.pdf'
printf 'Зателефонувати Олені щодо знижки\r\n' | iconv -t cp1251 > 'Угода 42/Нотатки.txt'
mv contract.epub "$here/writer.epub"

zip -q -r "$here/info-zip.zip" 'Угода 42'
zip -q -r -e -P password "$here/info-zip-locked.zip" 'Угода 42'
7z a -bd "$here/7z.7z" 'Угода 42' > /dev/null
7z a -bd -mm=PPMd "$here/7z-ppmd.zip" 'Угода 42' > /dev/null
7z a -bd -mem=AES256 -ppassword "$here/7z-locked.zip" 'Угода 42' > /dev/null
7z a -bd -ppassword "$here/7z-locked.7z" 'Угода 42' > /dev/null
7z a -bd -ppassword -mhe=on "$here/7z-locked-names.7z" 'Угода 42' > /dev/null
bsdtar -cf "$here/bsdtar.zip" --format zip 'Угода 42'
tar cf "$here/tar.tar" 'Угода 42/Нотатки.txt'
for way in gz:z bz2:j xz:J; do tar "c${way#*:}f" "$here/tar.tar.${way%:*}" 'Угода 42'; done
bsdtar -cf "$here/bsdtar.tar.zst" --zstd --format pax 'Угода 42'
gzip -c 'Угода 42/Нотатки.txt' > "$here/Нотатки.txt.gz"

# As programs of DOS and Windows name files, and an archive within an archive within another.
mkdir dos
printf 'Акт выполненных работ' | iconv -t cp866 > "dos/$(printf 'Акт сверки.txt' | iconv -t cp866)"
(cd dos && LC_ALL=C zip -q "$here/dos-names.zip" ./*)
zip -q inner.zip 'Угода 42/Нотатки.txt' && 7z a -bd middle.7z inner.zip > /dev/null && zip -q "$here/nested.zip" middle.7z
