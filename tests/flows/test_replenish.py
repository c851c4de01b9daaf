"""Raw SIMs become stock by the command and by nothing else."""

MARK = '[{"tag": "spring", "low": 5, "high": 12}]'


def test_raw_sims_are_made_endpoints_up_to_the_high_mark_and_no_further(world):
    here = world(rows=30)
    marked = {"PREACTIVE_ACCOUNTS__T__STOCK": MARK}
    taken = here.run("intake", str(here.file), "--tag", "spring")
    assert taken.out == "Batch batch: 30 SIMs in raw stock, 0 rows rejected.\n"
    assert here.platform.writes == 0

    first = here.run("replenish", "--yes", env=marked)
    writes = here.platform.writes
    again = here.run("replenish", "--yes", env=marked)

    assert first.out == "spring: 0 free and 0 coming of 5 to 12, 30 raw; 12 to create\n"
    assert again.out == "spring: 12 free and 0 coming of 5 to 12, 18 raw; 0 to create\n"
    assert set(here.platform.created()) == set(here.iccids[:12])
    assert (here.platform.writes, writes) == (writes, 25)  # 12 creates, 12 tags, and the tag itself
