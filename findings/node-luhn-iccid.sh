#!/usr/bin/env bash
# node-luhn 1.0.0 (npm) takes the check digit of an ICCID for wrong.
#
# Input: two ICCIDs of 19 and 20 digits as strings, with right check digits (ITU-T E.118).
# Expected: true, as its README promises for a string of digits, and as luhn-js 1.1.2 says.
# Seen (Node 20): false for both, and true for a number whose check digit is wrong. The string goes through parseInt, which keeps
# 53 bits: what is checked ends in 000. Payment cards have 16 digits and pass.
# What follows: a list "checked with Luhn" by such a library says nothing about ICCIDs.
# Exits 0 while it behaves so, 1 when that changes, 2 when it could not be tried.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
npm install --silent --no-audit --no-fund node-luhn@1.0.0 luhn-js@1.1.2 >/dev/null 2>&1 || exit 2
cat > try.js <<'JS'
const isLuhn = require("node-luhn"), other = require("luhn-js");
const right = ["8944500000000079364", "89445000000000793647"];
let wrong = null; // a number with a wrong check digit that passes
for (let n = 100001; wrong === null && n < 999999; n += 997) {
  const text = "8944500000000" + n;
  if (isLuhn(text) && !other.isValid(text)) wrong = text;
}
const seen = right.map((text) => `${text}: node-luhn ${isLuhn(text)}, luhn-js ${other.isValid(text)}`);
seen.push(`${wrong}: node-luhn ${isLuhn(wrong)}, luhn-js ${other.isValid(wrong)}`);
console.log(`node-luhn ${require("node-luhn/package.json").version}, Node ${process.version}`);
console.log(seen.join("\n"));
process.exit(right.every((text) => !isLuhn(text) && other.isValid(text)) && wrong !== null ? 0 : 1);
JS
node try.js
