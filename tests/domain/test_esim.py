"""eSIM data of a row: the parts, the activation code of them, and what contradicts itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.files.samples import sample_eid
from domain.esim import Esim, is_eid, read_esim

HOST = "smdp.example.com"


def read(**cells):
    return read_esim(cells, usual_address=None)


def codes(**cells):
    return [str(problem.code) for problem in read(**cells)[1]]


@pytest.mark.parametrize(
    ("code", "esim"),
    [
        (f"LPA:1${HOST}$K-1", Esim(None, HOST, "K-1")),
        (f"lpa:1${HOST}$K-1", Esim(None, HOST, "K-1")),
        (f"1${HOST}$K-1", Esim(None, HOST, "K-1")),
        (f"LPA:1${HOST}$", Esim(None, HOST)),
        (f"LPA:1${HOST}$K-1$1.3.6.1.4", Esim(None, HOST, "K-1", "1.3.6.1.4")),
        (f"LPA:1${HOST}$K-1$$1", Esim(None, HOST, "K-1", None, True)),
        (f"LPA:1${HOST}$K-1$1.3.6$1", Esim(None, HOST, "K-1", "1.3.6", True)),
    ],
)
def test_an_activation_code_is_taken_apart_and_put_together_again(code, esim):
    assert read(activation_code=code) == (esim, [])
    assert esim.lpa == "LPA:" + code.removeprefix("LPA:").removeprefix("lpa:")


@pytest.mark.parametrize(
    "code", ["LPA:", "LPA:2$a.example$K", f"LPA:1$https://{HOST}$K", "LPA:1$host$K", f"1${HOST}$K$$2", f"1${HOST}$K K",
             f"1${HOST}$K$$1$x", "0123", "$$", f"1${HOST}$K\n"],
)  # fmt: skip
def test_another_form_is_refused(code):
    assert codes(activation_code=code.replace("\n", "\nx")) == ["activation_code"]


def test_parts_that_stand_alone_and_parts_that_agree_are_one():
    esim = Esim(sample_eid(1), HOST, "K-1")

    assert read(eid=sample_eid(1), smdp_address=HOST, matching_id="K-1") == (esim, [])
    assert read(eid=sample_eid(1), smdp_address=HOST.upper(), activation_code=f"LPA:1${HOST}$K-1") == (esim, [])
    assert read(eid="", smdp_address=" ", matching_id="") == (None, [])


def test_parts_that_contradict_each_other_are_refused_without_their_values():
    esim, [problem] = read(matching_id="K-2", activation_code=f"1${HOST}$K-1")

    assert esim is None
    assert (problem.field, problem.code) == ("matching_id", "esim_conflict")
    assert "K-1" not in problem.reason and "K-2" not in problem.reason


def test_a_matching_id_needs_an_address_from_the_row_or_from_the_supplier():
    assert codes(matching_id="K-1") == ["smdp_address"]
    assert read_esim({"matching_id": "K-1"}, usual_address=HOST) == (Esim(None, HOST, "K-1"), [])


@given(st.integers(0, 10**14 - 1), st.integers(0, 31), st.integers(1, 9))
def test_a_mistyped_digit_of_an_eid_is_seen(number, place, more):
    eid = sample_eid(number)
    wrong = eid[:place] + str((int(eid[place]) + more) % 10) + eid[place + 1 :]

    assert is_eid(eid) and not is_eid(wrong)
    assert codes(eid=wrong) == ["eid"]


def test_an_eid_in_groups_is_read():
    eid = sample_eid(7)
    grouped = " ".join(eid[at : at + 4] for at in range(0, 32, 4))

    assert read(eid=grouped)[0] == Esim(eid)
