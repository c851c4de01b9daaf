#!/usr/bin/env bash
# csvsort and csvjson of csvkit 2.2.0 with agate 1.14.2 (PyPI) change eSIM matching ids.
#
# Input: a CSV of ICCIDs and matching ids as SGP.22 allows them (letters A to Z, digits, hyphens), all of which happen to have the form of
# a number: 12E34, 1E400, 0012, 4E7. A matching id is a password for one download; no two texts mean the same.
# Expected: a tool that sorts a CSV by another column leaves the cells as they are (it does so with the ICCIDs of 20 digits beside them).
# Seen: csvsort writes 12E34 as 1.2E+35, 1E400 as 1E+400, 0012 as 12, 4E7 as 4E+7; csvjson writes Infinity, which is no JSON (RFC 8259).
# One id of another form anywhere in the column, and nothing happens: small deliveries are hit, large ones are not.
# What follows: -I (no inference) on every csvkit command that touches a delivery of eSIMs.
# Exits 0 while it behaves so, 1 when that changes, 2 when it could not be tried.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv env && env/bin/pip install --quiet csvkit==2.2.0 agate==1.14.2 2>/dev/null || exit 2
cat > esims.csv <<'CSV'
iccid,matching_id
89445000000000793647,12E34
89445000000001585562,1E400
89445000000002377498,0012
89445000000003169415,4E7
CSV
env/bin/csvsort --version
sorted=$(env/bin/csvsort -c iccid esims.csv)
kept=$(env/bin/csvsort -I -c iccid esims.csv)
json=$(env/bin/csvjson esims.csv)
printf '%s\n' "$sorted" "$json"
[ "$kept" = "$(cat esims.csv)" ] || exit 1
[ "$(cut -d, -f1 <<<"$sorted")" = "$(cut -d, -f1 esims.csv)" ] || exit 1
[ "$(cut -d, -f2 <<<"$sorted" | tr '\n' ' ')" = "matching_id 1.2E+35 1E+400 12 4E+7 " ] || exit 1
grep -q '"matching_id": Infinity' <<<"$json" || exit 1
