# source tests/env.sh: the environment of make, for single commands.
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export ANSIBLE_COLLECTIONS_PATH=$repo/.build/collections PYTHONPATH=$repo/.build/collections PATH=$repo/.build/venv/bin:$PATH
export MOLECULE_GLOB='molecule/*/molecule.yml'
unset repo
