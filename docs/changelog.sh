#!/usr/bin/env bash
# Build CHANGELOG.md from the fragments, as the release of the version in galaxy.yml would; nothing is released.
# With --check: fail if CHANGELOG.md is out of date.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
git ls-files -z --cached --others --exclude-standard -- galaxy.yml meta changelogs plugins roles |
    xargs -0 --no-run-if-empty cp --parents --target-directory "$scratch" 2>/dev/null || true
(cd "$scratch" && antsibull-changelog release >&2)
if [[ ${1-} == --check ]]; then
    diff --unified CHANGELOG.md "$scratch/CHANGELOG.md" || { echo "CHANGELOG.md is out of date: run make changelog" >&2; exit 1; }
else
    cp "$scratch/CHANGELOG.md" CHANGELOG.md
fi
