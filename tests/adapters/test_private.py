"""What only its owner may look into."""

import stat

from adapters.private import private_file, private_folder
from adapters.store.store import Store


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_folder_and_the_missing_ones_above_it_are_for_the_owner_alone(tmp_path):
    tmp_path.chmod(0o755)

    private_folder(tmp_path / "data" / "var")

    assert [mode(tmp_path), mode(tmp_path / "data"), mode(tmp_path / "data" / "var")] == [0o755, 0o700, 0o700]


def test_a_file_that_is_there_keeps_its_content_and_its_mode(tmp_path):
    (tmp_path / "there").write_text("content")
    (tmp_path / "there").chmod(0o640)

    private_file(tmp_path / "there")

    assert ((tmp_path / "there").read_text(), mode(tmp_path / "there")) == ("content", 0o640)


def test_an_embedded_store_is_for_its_owner_alone(tmp_path):
    Store(f"sqlite:///{tmp_path / 'store.db'}").close()

    assert {mode(path) for path in tmp_path.glob("store.db*")} == {0o600}
