#!/usr/bin/env bash
# SheetJS (xlsx 0.18.5, npm) rewrites eSIM matching ids that look like a date, also from CSV to CSV.
#
# Input: a CSV of ICCIDs and matching ids as SGP.22 allows them (letters A to Z, digits, hyphens): 2026-11-30, 11-12-26, QR-G-5C.
# Expected: XLSX.read and sheet_to_csv give the texts back, as they do for the ICCIDs of 19 and 20 digits beside them.
# Seen: 2026-11-30 becomes 11/30/26 and 11-12-26 becomes 11/12/26, cell by cell; with raw: true nothing is changed.
# What follows: a delivery of eSIMs that passed through it holds ids with a slash, which no SM-DP+ knows.
# Exits 0 while it behaves so, 1 when that changes, 2 when it could not be tried.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
npm install --silent --no-audit --no-fund xlsx@0.18.5 >/dev/null 2>&1 || exit 2
cat > try.js <<'JS'
const XLSX = require("xlsx");
const rows = ["8944500000000079364,2026-11-30", "89445000000001585562,11-12-26", "8944500000000237749,QR-G-5C"];
const text = ["iccid,matching_id", ...rows].join("\n");
const through = (options) => {
  const book = XLSX.read(text, { type: "string", ...options });
  return XLSX.utils.sheet_to_csv(book.Sheets[book.SheetNames[0]]).trim();
};
console.log(`xlsx ${XLSX.version}\n${through({})}`);
const expected = text.replace("2026-11-30", "11/30/26").replace("11-12-26", "11/12/26");
process.exit(through({}) === expected && through({ raw: true }) === text ? 0 : 1);
JS
node try.js
