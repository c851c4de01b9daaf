"""Makes the sample files: invented ICCIDs, right check digits, the same bytes every time.

Run it as `python -m adapters.files.samples data/samples`.
"""

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from adapters.files.stable_xlsx import save_stable
from domain.iccid import luhn_digit

CLEAN, DEMO, MIXED, DAMAGED, ESIM = "89445010", "89445020", "89445030", "89445040", "89445050"  # a range for each
Cells = Sequence[str | float | None]


def sample_iccid(series: str, number: int, *, length: int = 19) -> str:
    """Return an invented ICCID that no sample repeats and that never ends in zeros."""
    body = series + str(number * 7919 + 13).zfill(length - 1 - len(series))
    return body + luhn_digit(body)


def clean_rows(count: int = 500) -> list[Cells]:
    """Return rows without a fault."""
    return [(sample_iccid(CLEAN, i), f"clean-{i:04d}") for i in range(1, count + 1)]


def demo_rows() -> list[Cells]:
    """Return 240 rows of which nine are bad, each in another way, one is a repetition and one is blank."""
    rows: list[Cells] = [(sample_iccid(DEMO, i), f"demo-{i:04d}", "") for i in range(1, 241)]
    good = [str(row[0]) for row in rows]
    rows[20] = (float(good[20]), "demo-0021", "")  # what a spreadsheet makes of a typed number
    rows[41] = (wrong_digit(good[41]), "demo-0042", "")
    rows[62] = (good[62][:-2], "demo-0063", "")
    rows[83] = (f"{good[83][:15]}0000", "demo-0084", "")
    rows[104] = (f"{good[104][:4]} {good[104][4:8]} {good[104][8:]}", "demo-0105", "")
    rows[125] = ("", "demo-0126", "")
    rows[146] = (good[146], "demo\x07bell"[:4] + "\u202e0147", "")
    rows[167] = (good[167], "demo-0168", "op:reserved")
    rows[188] = ("see delivery note", "demo-0189", "")
    rows[209] = rows[10]
    rows[230] = (None, None, None)
    return rows


def mixed_rows() -> list[Cells]:
    """Return a row of every bad kind that a text file can hold, between good ones."""
    iccids = [sample_iccid(MIXED, i) for i in range(1, 61)]
    longer = iccids[59] + luhn_digit(iccids[59])
    good: list[Cells] = [(iccid, f"mixed-{i:02d}", "spare") for i, iccid in enumerate(iccids[:30], 1)]
    trimmed = [f" {iccids[30]} ", f"\u00a0{iccids[31]}\u3000", f"'{iccids[32]}", f"{iccids[33]}F", f"SIM:{iccids[34]}"]
    bad = [
        *(wrong_digit(iccids[35]), iccids[36][:17], iccids[36] + "123", iccids[37][:15], "8" * 31 + "9"),
        *("8.9445E+18", "8,94E+18", f"+{iccids[38]}", "8944_5010_2198", f"0x{iccids[38]}", f'="{iccids[39]}"'),
        *(f"{iccids[40][:15]}0000", f"{iccids[41][:4]} {iccids[41][4:8]} {iccids[41][8:]}", iccids[42][:10] + "A" * 9),
        *("98440530000000475118F6", iccids[43].translate({ord("0") + i: ord("０") + i for i in range(10)})),
        *("12" + iccids[44][2:18] + luhn_digit("12" + iccids[44][2:18]), "+4915112345678", "#REF!", "Total: 60"),
        f"{iccids[46]} - {iccids[48]}",
    ]
    names = ["", "a\u202eb", "a" * 101, "#N/A"]
    tags = ["op:x", "a,,b", "a,a", "x" * 101, "a/b", ",".join(f"t{i}" for i in range(11))]
    rows = [*good, *((iccid, "trimmed", "") for iccid in trimmed), *((iccid, "bad iccid", "") for iccid in bad)]
    rows += [("", "no iccid", "")]
    rows += [(iccids[45 + i], name, "") for i, name in enumerate(names)]
    rows += [(iccids[50 + i], "tags", tag) for i, tag in enumerate(tags)]
    rows += [(iccids[57], "one", ""), (iccids[57], "two", ""), (iccids[59], "short", ""), (longer, "long", "")]
    rows += [good[0], ("", "", ""), (iccids[58],), (iccids[58], "four", "", "fields")]
    return [*rows, (iccids[56], "=1+1", ""), (iccids[49], "naïve – 東京", "spare,blue")]


def esim_rows() -> list[Cells]:
    """Return rows of eSIM profiles, good ones and one of each bad kind."""
    server = "smdp.example.com"
    iccids = [sample_iccid(ESIM, i) for i in range(1, 31)]
    good: list[Cells] = [
        (iccid, sample_eid(i), f"LPA:1${server}$TRAVEL-{i:04d}", "", "") for i, iccid in enumerate(iccids[:20], 1)
    ]
    good += [(iccid, "", "", server, f"TRAVEL-{i:04d}") for i, iccid in enumerate(iccids[20:23], 21)]
    bad: list[Cells] = [
        (iccids[23], sample_eid(24)[:-1] + "0", "", "", ""),
        (iccids[24], "", f"1${server}", "https://smdp.example.com/", ""),
        (iccids[25], "", "LPA:2", "", ""),
        (iccids[26], "", f"LPA:1${server}$TRAVEL-0027", "", "TRAVEL-9999"),
        (iccids[27], "", "", server, "TRAVEL 0028"),
        (iccids[28], "", "", "", "TRAVEL-0029"),
        (iccids[29], "", f"LPA:1${server}$TRAVEL-0001", "", ""),
    ]
    return [*good, *bad]


def sample_eid(number: int) -> str:
    """Return an invented EID with right check digits."""
    body = f"8904903200000000{number:014d}"
    return f"{body}{98 - int(body + '00') % 97:02d}"


def damaged_rows(count: int = 60) -> list[Cells]:
    """Return rows after a spreadsheet took every ICCID for a number."""
    return [(float(sample_iccid(DAMAGED, i)), f"damaged-{i:02d}") for i in range(1, count + 1)]


def wrong_digit(iccid: str) -> str:
    """Return an ICCID with one digit mistyped."""
    return f"{iccid[:9]}{(int(iccid[9]) + 1) % 10}{iccid[10:]}"


def csv_text(rows: Iterable[Cells], *, delimiter: str = ",") -> str:
    """Return rows as delimited text."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue()


def make_samples(folder: Path) -> list[Path]:
    """Write all samples and the list of good ICCIDs that a simulator can be stocked with."""
    folder.mkdir(parents=True, exist_ok=True)
    save_stable(folder / "clean-500.xlsx", [("iccid", "name"), *clean_rows()])
    save_stable(folder / "demo.xlsx", [("ICCID", "Name", "Tags"), *demo_rows()])
    save_stable(folder / "damaged.xlsx", [("ICCID", "Name"), *damaged_rows()])
    (folder / "mixed.csv").write_text(csv_text([("ICCID", "Name", "Tags"), *mixed_rows()]), encoding="utf-8")
    columns = ("ICCID", "EID", "Activation Code", "SM-DP+ Address", "Matching ID")
    (folder / "esims.csv").write_text(csv_text([columns, *esim_rows()]), encoding="utf-8")
    stock = stock_iccids(folder)
    (folder / "stock.txt").write_text("".join(f"{iccid}\n" for iccid in stock), encoding="ascii")
    return sorted(folder.iterdir())


def stock_iccids(folder: Path) -> list[str]:
    """Return the good ICCIDs of the two sample workbooks, as the reader finds them."""
    from adapters.files.reader import read_manifest  # noqa: PLC0415 - making rows needs no reader

    manifests = [read_manifest(folder / name) for name in ("clean-500.xlsx", "demo.xlsx")]
    return [row.iccid for manifest in manifests for row in manifest.accepted if row.iccid is not None]


if __name__ == "__main__":
    for path in make_samples(Path(sys.argv[1] if len(sys.argv) > 1 else "data/samples")):
        print(path)
