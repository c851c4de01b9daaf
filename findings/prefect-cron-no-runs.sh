#!/usr/bin/env bash
# Prefect 3.9.1 with whenever 0.10.5 makes no run of any cron schedule on Python 3.11 and 3.12.
#
# Input: the cron line of every day at six, with the time zones UTC and Europe/Madrid, asked for its next two dates as the
# server's scheduler does; the same as an interval.
# Expected: two dates each, as the same lines give with an interval, and cron lines gave with Prefect 3.8.8.
# Seen: of the cron lines a ValueError of whenever, which takes only the standard library's ZoneInfo and is given a time zone of
# pendulum's; of the intervals two dates. A deployment with such a schedule is taken, shown as active in the UI, and never runs;
# the error stands in the server's log alone.
# What follows: give schedules as intervals with an anchor date, or use Python 3.13, until a later Prefect.
# Exits 0 while it behaves so, 1 when that changes, 2 when it could not be tried.
set -euo pipefail
python=$(command -v python3.11 || command -v python3.12) || exit 2
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
"$python" -m venv here
here/bin/python -m pip --quiet --disable-pip-version-check install prefect==3.9.1 whenever==0.10.5 || exit 2
export PREFECT_HOME="$folder/home" DO_NOT_TRACK=1
cat > try.py <<'PY'
import asyncio
import sys
from datetime import timedelta
from importlib.metadata import version

from prefect.server.schemas.schedules import CronSchedule, IntervalSchedule


def seen(schedule):
    try:
        return f"{len(asyncio.run(schedule.get_dates(n=2)))} dates"
    except ValueError as error:
        return f"ValueError: {error}"


found = {}
for zone in ("UTC", "Europe/Madrid"):
    found["cron", zone] = seen(CronSchedule(cron="0 6 * * *", timezone=zone))
    found["interval", zone] = seen(IntervalSchedule(interval=timedelta(days=1), timezone=zone))
print(f"Prefect {version('prefect')}, whenever {version('whenever')}, Python {sys.version.split()[0]}")
for (kind, zone), what in found.items():
    print(f"{kind}, {zone}: {what}")
crons = [what for (kind, _), what in found.items() if kind == "cron"]
intervals = [what for (kind, _), what in found.items() if kind == "interval"]
sys.exit(0 if all("ZoneInfo" in what for what in crons) and set(intervals) == {"2 dates"} else 1)
PY
here/bin/python try.py
