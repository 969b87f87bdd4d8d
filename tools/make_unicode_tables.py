#!/usr/bin/env python3
"""Makes src/search/text/unicode_tables.cpp from the Unicode data that Python brings.

    tools/make_unicode_tables.py > src/search/text/unicode_tables.cpp

Two tables for what is not ASCII: the class of each code point (what is part of a word, and of which kind), and what
it folds to: compatibility decomposition, full case folding and removal of diacritics, composed again. A few letters
that Unicode does not decompose (ø, ł, æ …) fold as people type them.
"""

import textwrap
import unicodedata

LAST = 0x10FFFF
SEPARATOR, LETTER, UPPER, DIGIT, DROPPED, IDEOGRAPH, UPPER_EVEN, UPPER_ODD = range(8)
NAMES = ["separator", "letter", "upper", "digit", "dropped", "ideograph", "upper_even", "upper_odd"]

# Marks that a searcher leaves out, and characters nobody sees. Other marks, as the vowel signs of Indic scripts, are
# part of their words.
DROPPED_RANGES = [
    (0x00AD, 0x00AD), (0x0300, 0x036F), (0x0483, 0x0489), (0x0591, 0x05BD), (0x05BF, 0x05BF), (0x05C1, 0x05C2),
    (0x05C4, 0x05C5), (0x05C7, 0x05C7), (0x0610, 0x061A), (0x064B, 0x065F), (0x0670, 0x0670), (0x06D6, 0x06DC),
    (0x06DF, 0x06E4), (0x06E7, 0x06E8), (0x06EA, 0x06ED), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x200B, 0x200D),
    (0x2060, 0x2060), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F), (0xFEFF, 0xFEFF),
]
# Written without blanks between words: searched by pairs of characters.
IDEOGRAPH_RANGES = [
    (0x3005, 0x3007), (0x3041, 0x3096), (0x309D, 0x309F), (0x30A1, 0x30FA), (0x30FC, 0x30FF), (0x3105, 0x312F),
    (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0x20000, 0x3FFFD),
]
TYPED = {"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t", "ð": "d", "þ": "th"}


def within(code, ranges):
    return any(first <= code <= last for first, last in ranges)


def folded(code):
    text = unicodedata.normalize("NFKD", chr(code)).casefold()
    text = unicodedata.normalize("NFKD", text)
    text = "".join(TYPED.get(c, c) for c in text if not within(ord(c), DROPPED_RANGES))
    text = unicodedata.normalize("NFC", text)
    return "".join(c for c in text if unicodedata.category(c)[0] in "LNM")


def class_of(code):
    if within(code, DROPPED_RANGES):
        return DROPPED
    category = unicodedata.category(chr(code))
    if category[0] not in "LNM":
        return SEPARATOR
    text = folded(code)
    if not text:
        return SEPARATOR
    if within(ord(text[0]), IDEOGRAPH_RANGES):
        return IDEOGRAPH
    if category[0] == "N":
        return DIGIT
    return UPPER if category in ("Lu", "Lt") else LETTER


def class_ranges(classes):
    ranges, code = [], 0x80
    while code <= LAST:
        # A run in which upper and lower case take turns, as most of Latin Extended is.
        end = code
        if classes[code] in (UPPER, LETTER):
            while end < LAST and {classes[end], classes[end + 1]} == {UPPER, LETTER}:
                end += 1
        if end - code >= 5:
            odd_upper = (classes[code] == UPPER) == (code % 2 == 1)
            kind = UPPER_ODD if odd_upper else UPPER_EVEN
        else:
            kind, end = classes[code], code
            while end < LAST and classes[end + 1] == kind:
                end += 1
        if kind != SEPARATOR:
            ranges.append((code, end, kind))
        code = end + 1
    return ranges


def fold_ranges(classes):
    single, several = {}, []
    for code in range(0x80, LAST + 1):
        if classes[code] in (SEPARATOR, DROPPED):
            continue
        text = folded(code)
        if text == chr(code):
            continue
        if len(text) == 1:
            single[code] = ord(text) - code
        else:
            several.append((code, text))
    ranges, done = [], set()
    for code in sorted(single):
        if code in done:
            continue
        best = None
        for stride in (1, 2):
            last = code
            while single.get(last + stride) == single[code] and last + stride not in done:
                last += stride
            if best is None or last > best[0]:
                best = (last, stride)
        last, stride = best
        # Ranges are searched by their first code, so that they must not overlap.
        if stride == 2 and any(c in single for c in range(code + 1, last, 2)):
            last, stride = code, 1
            while single.get(last + 1) == single[code]:
                last += 1
        done.update(range(code, last + 1, stride))
        ranges.append((code, last, stride, single[code]))
    return ranges, several


def print_rows(rows):
    """As many in a line as fit."""
    print("\n".join(textwrap.wrap(" ".join(row.replace(" ", "~") for row in rows), 108, initial_indent="  ",
                                  subsequent_indent="  ")).replace("~", " "))


def main():
    classes = [SEPARATOR] * 0x80 + [class_of(code) for code in range(0x80, LAST + 1)]
    by_class = class_ranges(classes)
    by_fold, several = fold_ranges(classes)
    print(f"// Generated by tools/make_unicode_tables.py from Unicode {unicodedata.unidata_version}; do not edit.")
    print('#include "search/text/unicode_tables.hpp"\n')
    print("namespace hearth::search::text {\n")
    print("// clang-format off")
    print("const std::array<ClassRange, class_range_count> class_ranges{{")
    print_rows(f"{{0x{first:X}, 0x{last:X}, CodeClass::{NAMES[kind]}}}," for first, last, kind in by_class)
    print("}};\n")
    print("const std::array<FoldRange, fold_range_count> fold_ranges{{")
    print_rows(f"{{0x{first:X}, 0x{last:X}, {stride}, {delta}}}," for first, last, stride, delta in by_fold)
    print("}};\n")
    print("const std::array<FoldText, fold_text_count> fold_texts{{")
    texts, rows = "", []
    for code, text in several:
        rows.append(f"{{0x{code:X}, {len(texts.encode())}, {len(text.encode())}}},")
        texts += text
    print_rows(rows)
    print("}};\n")
    print("const std::string_view fold_text_bytes =")
    data = texts.encode()
    lines = [data[i:i + 28] for i in range(0, len(data), 28)]
    print("\n".join('  "' + "".join(f"\\x{byte:02x}" for byte in line) + '"' for line in lines) + ";")
    print("// clang-format on\n")
    print("}  // namespace hearth::search::text")


main()
