import subprocess
import sys

from adapters.platforms.simulator.stock import eid_of, generate_iccids, luhn_digit, read_iccids


def test_iccids_have_19_digits_the_prefix_and_a_valid_check_digit():
    for iccid in generate_iccids(200, seed=7):
        assert len(iccid) == 19
        assert iccid.startswith("8944")
        assert luhn_digit(iccid[:-1]) == iccid[-1]


def test_luhn_digit_of_the_well_known_example():
    assert luhn_digit("7992739871") == "3"


def test_iccids_are_distinct():
    assert len(set(generate_iccids(5000, seed=1))) == 5000


def test_a_larger_count_only_adds_to_the_end():
    assert generate_iccids(50, seed=3) == generate_iccids(500, seed=3)[:50]


def test_another_seed_gives_other_iccids():
    assert not set(generate_iccids(50, seed=1)) & set(generate_iccids(50, seed=2))


def test_eids_have_32_digits_and_valid_check_digits():
    eid = eid_of(generate_iccids(1, seed=1)[0])
    assert len(eid) == 32
    assert int(eid) % 97 == 1


def test_a_file_gives_its_first_column_without_headings(tmp_path):
    file = tmp_path / "sims.csv"
    file.write_text("\ufefficcid,name\n8944000000000000017,a\n\n89440000000000000170,b\nshort,c\n", encoding="utf-8")
    assert read_iccids(file) == ["8944000000000000017", "89440000000000000170"]


def test_stock_needs_no_web_server():
    check = "import sys, adapters.platforms.simulator.stock; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
