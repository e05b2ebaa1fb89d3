#!/usr/bin/env python3
"""Writes when LiteLLM ends the periods of budgets: the fixture of `govern/period`.

Run with the Python that has `litellm==1.106.2`; the first argument is the fixture: {"ends": [[duration, zone, time of
day, now, end]], "lengths": {duration: seconds or null}}, moments in RFC 3339.
"""
import json
import sys
from datetime import datetime, time, timezone

from litellm.litellm_core_utils.duration_parser import duration_in_seconds, get_next_standardized_reset_time

DURATIONS = """
1s 7s 30s 45s 60s 90s 100s 3600s 4000s 90000s 1m 5m 7m 15m 45m 60m 90m 1440m 2000m 1h 2h 5h 6h 12h 23h 24h 25h 30h 48h 100h
1d 2d 3d 6d 7d 10d 14d 29d 30d 31d 60d 90d 365d 1w 2w 4w 1mo hourly daily weekly monthly Daily WEEKLY
1day 3days 1month 2weeks 1y d 1 0s 0m 0h 0d nonsense 1D 1H 24H
""".split()
NOWS = """
2026-01-01T00:00:00Z 2026-01-31T23:59:59.999999Z 2026-02-28T12:34:56.789Z 2024-02-29T05:00:00Z 2025-12-31T18:30:00Z
2026-03-01T00:00:00Z 2026-06-15T06:07:08Z 2026-06-14T23:00:00Z 2026-06-15T00:00:00Z 2026-08-31T11:59:59Z
2026-03-08T06:30:00Z 2026-03-08T07:30:00Z 2026-11-01T03:30:00Z 2026-11-01T05:30:00Z 2026-11-01T06:30:00Z
2026-03-29T00:30:00Z 2026-10-25T00:30:00Z 2026-10-25T01:30:00Z 2026-04-04T15:45:00Z
""".split()
ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Nowhere/Atlantis"]
TIMES = ["00:00", "12:00", "02:30", "23:59:59"]


def end(duration, zone, at, now):
    hour, minute, second = (int(part) for part in (at + ":00").split(":")[:3])
    current = datetime.fromisoformat(now.replace("Z", "+00:00"))
    found = get_next_standardized_reset_time(duration, current, zone, time(hour, minute, second))
    return found.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def length(duration):
    try:
        return duration_in_seconds(duration)
    except ValueError:
        return None


def main(path):
    cases = [(duration, zone, at, now) for duration in DURATIONS for zone in ZONES for at in TIMES for now in NOWS]
    # All of them would be 1.4 MB: a share of them, in which every pair of values meets.
    ends = [[*case, end(*case)] for case in cases[::17]]
    # The length of a month depends on today.
    lengths = {duration: length(duration) for duration in DURATIONS if duration not in ("1mo", "1month")}
    with open(path, "w") as file:
        file.write('{"ends": [\n' + ",\n".join(json.dumps(case) for case in ends))
        file.write('\n], "lengths": ' + json.dumps(lengths) + "}\n")


main(sys.argv[1])
