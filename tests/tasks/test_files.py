"""Files as flows read them: one that creates endpoints, and one that lists those that exist."""

from adapters.files.samples import sample_iccid
from domain.labels import Naming
from domain.options import Account
from tasks import resources

ACCOUNT = Account(base_url="https://example.test")


def test_only_a_file_that_creates_endpoints_is_held_by_the_state_that_it_names(tmp_path):
    mapping = tmp_path / "b-mapping.csv"
    rows = [f"a,{sample_iccid('8944500', 1)},1,active", f"b,{sample_iccid('8944500', 2)},2,terminated"]
    mapping.write_text("\n".join(("name,iccid,endpoint_id,state", *rows, "")))

    listed = resources.read_manifest(str(mapping), ACCOUNT)
    created = resources.read_manifest(str(mapping), ACCOUNT, naming=Naming("{batch}-{row}", "b"))

    assert [row.outcome.value for row in listed.rows] == ["accepted", "accepted"]
    assert [row.outcome.value for row in created.rows] == ["accepted", "rejected"]
