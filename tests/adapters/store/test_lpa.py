"""The LPA string is put together from the parts that the supplier's file told."""

import pytest
from sqlalchemy import select

from adapters.store.lpa import lpa_of_endpoint
from adapters.store.tables import endpoints

PARTS = [
    (("smdp.example.com", "04386-AGYFT", None, False), "LPA:1$smdp.example.com$04386-AGYFT"),
    (("smdp.example.com", None, None, False), "LPA:1$smdp.example.com$"),
    (("smdp.example.com", "A", "1.3.6", False), "LPA:1$smdp.example.com$A$1.3.6"),
    (("smdp.example.com", "A", "1.3.6", True), "LPA:1$smdp.example.com$A$1.3.6$1"),
    (("smdp.example.com", "A", None, True), "LPA:1$smdp.example.com$A$$1"),
    ((None, "A", None, False), None),
]


@pytest.mark.parametrize(("parts", "lpa"), PARTS)
def test_the_string_is_made_of_its_parts(desk, parts, lpa):
    desk.pre_active(2)
    with desk.changing() as connection:
        # The table as files with eSIM data fill it.
        connection.exec_driver_sql(
            "CREATE TEMPORARY TABLE esims (endpoint BIGINT, smdp_address VARCHAR(255), matching_id VARCHAR(255), "
            "object_id VARCHAR(255), needs_confirmation BOOLEAN)"
        )
        words = ["NULL" if part is None else str(part) if isinstance(part, bool) else f"'{part}'" for part in parts]
        first = "(SELECT min(id) FROM endpoints)"
        connection.exec_driver_sql(f"INSERT INTO esims VALUES ({first}, {', '.join(words)})")
        found = connection.execute(select(lpa_of_endpoint()).select_from(endpoints).order_by(endpoints.c.id))

        assert list(found.scalars()) == [lpa, None]
