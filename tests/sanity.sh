#!/usr/bin/env bash
# ansible-test sanity, on a copy of the collection that lies where ansible-test wants it.
# Usage: tests/sanity.sh VENV [arguments of ansible-test sanity]
set -euo pipefail
repo=$(cd "$(dirname "$0")/.." && pwd)
venv=$(cd "$1" && pwd)
shift

HOME=$repo/.build/sanity
copy=$HOME/ansible_collections/hygeia/golden
rm -rf "$copy"
mkdir -p "$copy" "$HOME/.ansible/test/cache"
cd "$repo"
git ls-files --cached --others --exclude-standard | while IFS= read -r file; do
    if [ -e "$file" ]; then printf '%s\n' "$file"; fi
done | tar --create --files-from=- | tar --extract --directory="$copy"
# It asks git for the files, and the repository around this copy ignores them.
git -C "$copy" init --quiet
git -C "$copy" add --all

# ansible-test downloads get-pip.py to fill its environments. Python brings a pip of its own, which serves as well.
pip_version=$("$venv/bin/python" -c '
from types import SimpleNamespace
from ansible_test._internal.python_requirements import get_venv_packages
print(get_venv_packages(SimpleNamespace(version="3.11"))["pip"].replace(".", "_"))')
cat > "$HOME/.ansible/test/cache/get_pip_$pip_version.py" <<'STUB'
import subprocess, sys
subprocess.check_call([sys.executable, "-m", "ensurepip"])
wanted = [word for word in sys.argv[1:] if not word.startswith("--no-")]
subprocess.check_call([sys.executable, "-m", "pip", "install"] + wanted)
STUB

export HOME
cd "$copy"
sanity=("$venv/bin/ansible-test" sanity --venv --python 3.11 --color no)
if [ $# != 0 ]; then
    exec "${sanity[@]}" "$@"
fi
# Of tests, ruff says what pylint would, in a hundredth of the time.
"${sanity[@]}" --skip-test pylint
"${sanity[@]}" --test pylint plugins/
