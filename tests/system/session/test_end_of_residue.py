# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A template with a secret or a patient's record for each rule is not promoted, and names each; its cleaned twin is promoted.

With signed evidence, which is valid OSCAL, and in which nobody changes anything unnoticed: no image, no history and no binder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import planted
import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.residue.findings import Findings
from ansible_collections.hygeia.golden.plugins.module_utils.signing import history, verification
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import Trust
from ansible_collections.hygeia.golden.tests.templates import images

PLAYBOOK = Path(__file__).parent / "residue.yml"
# Where the partitions lie: the root, the EFI partition, swap, and one that nobody knows, whose free blocks are not overwritten.
SIZES = {"root": 160, "efi": 36, "swap": 36, "odd": 36}
GAP, STEP = 64 << 10, 16 << 10


KEY = "of the site"
SIGNER = "pipeline@example.org"
PLAYBOOKS = Path(__file__).parents[3] / "playbooks"


def waiver(host, secret, path, until="2999-12-31"):
    """A find that somebody accepted by its path and the hash of its value."""
    (value,) = secret.found
    digest = Findings(KEY.encode()).hashed(secret.rule.id, value)
    facts = {"reason": "a key for demonstrations", "approver": "M. Okafor", "until": until}
    return {"control": secret.rule.id, "path": path, "hash": digest, "hosts": host, **facts}


def start(name):
    names = list(SIZES)
    return images.EDGE + sum(SIZES[each] for each in names[: names.index(name)]) * images.MIB


class Template:
    """A disk, and where on it what was left: for each secret a path as a result has it, or the beginning of one, and an offset."""

    def __init__(self, place, tree):
        self.place = place
        self.tree = tree
        self.left = []
        self.files, self.efi, self.written = {}, {}, {}

    def leave(self, number, secret):
        """Leave it in the place whose turn it is, and some of what is text in UTF-16."""
        secret = secret.wide if number % 5 == 3 else secret
        if secret.rule.id == "residue-swap":
            self._gap(number, secret)  # swap space in a file is overwritten
        elif secret.on_disk:
            (self._file, self._gap, self._odd, self._efi)[number % 4](number, secret)
        else:
            (self._archive, self._deleted_archive)[number % 2](number, secret)

    def _file(self, number, secret):
        self.files[f"srv/{number}"] = secret.content
        self.left.append((secret, f"/srv/{number}", None))

    def _archive(self, number, secret):
        self.files[f"srv/{number}.tar.gz"] = planted.packed(secret)
        self.left.append((secret, f"/srv/{number}.tar.gz > backup.tar.xz > ", None))

    def _gap(self, number, secret):
        self._write(GAP + number * STEP, secret.content)
        self.left.append((secret, "disk 1", secret.content))

    def _odd(self, number, secret):
        self._write(start("odd") + images.MIB + number * STEP, secret.content)
        self.left.append((secret, "disk 1", secret.content))

    def _deleted_archive(self, number, secret):
        place = start("odd") + 8 * images.MIB + number * STEP
        self._write(place, planted.packed(secret))
        self.left.append((secret, f"disk 1 at byte {place} > backup.tar.xz > ", None))

    def _efi(self, number, secret):
        self.efi[f"{number}.bin"] = secret.content
        self.left.append((secret, "disk 1", secret.content))

    def before_swap(self, secret):
        """In front of the header of swap, where boot loaders may have something."""
        self._write(start("swap"), secret.content)
        self.left.append((secret, "disk 1", secret.content))

    def _write(self, place, content):
        self.written[place] = content

    def make(self, script="true"):
        """The qcow2 file; ``script`` runs in the mounted root."""
        root = images.filesystem("ext4", self.place / "root.raw", self.tree, SIZES["root"] * images.MIB)
        copy = self.place / "files"
        for name, data in self.files.items():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes(data)
        os.makedirs(copy, exist_ok=True)
        images.mounted(root, f"{{ cp -r {copy}/. MOUNT/ && {script}; }}")
        parts = {name: self.place / f"{name}.raw" for name in SIZES}
        for name in ("efi", "swap", "odd"):
            with open(parts[name], "wb") as stream:
                stream.truncate(SIZES[name] * images.MIB)
        images.call("mkfs.vfat", parts["efi"])
        for name, data in self.efi.items():
            (self.place / name).write_bytes(data)
            images.call("mcopy", "-i", parts["efi"], self.place / name, f"::{name}")
        images.call("mkswap", parts["swap"])
        kinds = {"efi": "esp"}
        disk = images.disk("gpt", self.place / "disk.raw", [(kinds.get(name, "linux"), path) for name, path in parts.items()])
        with open(disk, "r+b") as stream:
            for place, data in self.written.items():
                stream.seek(place)
                stream.write(data)
        return images.qcow2(disk, self.place / "template.qcow2")

    def places(self):
        """The secrets with the path and the bytes, from the first to the last, among which the find lies."""
        content = (self.place / "disk.raw").read_bytes()
        for secret, path, data in self.left:
            found = content.index(data) if data else 0
            yield secret, path, range(found, found + len(data)) if data else range(1 << 40)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Both templates after the play: what was left where in the first, and what came of them."""
    place = tmp_path_factory.mktemp("twins")
    (place / "tree").mkdir()
    tree = images.system(place / "tree", python=True)
    secrets = planted.secrets(place)
    twins = {name: Template(place / name, tree) for name in ("dirty", "clean")}
    for twin in twins.values():
        twin.place.mkdir()
    for number, secret in enumerate(secrets):
        twins["dirty"].leave(number, secret)
    number = next(secret for secret in secrets if secret.rule.id == "residue-social-security-number")
    twins["dirty"].before_swap(replace(number, content=number.content.replace(b"7719", b"7718")))
    deleted = planted.tar("record", b"".join(secret.content for secret in secrets))
    (place / "deleted").write_bytes(deleted)
    twins["clean"].written[start("swap") + images.MIB] = deleted
    accepted = [secret for secret in secrets if secret.rule.id == "residue-private-key"]
    twins["clean"].files["opt/vendor/demo.pem"] = accepted[0].content
    twins["clean"].written[GAP] = accepted[1].content
    ended = [secret for secret, path, unused_data in twins["dirty"].left if path == "/srv/0"]
    waivers = [
        waiver("clean", accepted[0], "/opt/vendor/demo.pem"),
        waiver("clean", accepted[1], "disk 1"),
        waiver("dirty", ended[0], "/srv/0", "2026-01-31"),
    ]
    sources = {
        "dirty": twins["dirty"].make(),
        "clean": twins["clean"].make(f"cp {place}/deleted MOUNT/deleted && sync && rm MOUNT/deleted"),
    }
    shared = {"baseline_profile": "sealed", "verify_boot": False, "verify_residue_key": KEY, "baseline_waivers": waivers}
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / "pipeline"], check=True)
    (place / "allowed_signers").write_text(f"{SIGNER} {(place / 'pipeline.pub').read_text()}")
    directories = {
        "image_work_dir": "sessions",
        "image_dest": "golden",
        "evidence_dir": "evidence",
        "evidence_signing_key": "pipeline",
        "evidence_allowed_signers": "allowed_signers",
    }
    variables = {**shared, **{name: str(place / path) for name, path in directories.items()}}
    hosts = {name: {"template_source": str(path)} for name, path in sources.items()}
    (place / "inventory.json").write_text(json.dumps({"templates": {"hosts": hosts, "vars": variables}}))
    done = played(place, "-vv", "--diff", "--inventory", place / "inventory.json", PLAYBOOK)
    print(done.stdout[-20000:] + done.stderr)
    return place, twins["dirty"], done.stdout + done.stderr


def played(place, *arguments):
    environ = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(place / "tmp"), "ANSIBLE_LOG_PATH": str(place / "log")}
    playbook = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
    return subprocess.run([playbook, *arguments], capture_output=True, text=True, check=False, env=environ, timeout=900)


def records(place, name):
    """The records of one template's evidence."""
    (path,) = (place / "evidence" / name).glob("*/results.json")
    return json.loads(path.read_text())["records"]


def found(place, name):
    """The places that each rule that failed names."""
    return {
        each["control"]: each["observed"]["files"]
        for each in records(place, name)
        if each["status"] == "fail" and "files" in each["observed"]
    }


def test_each_secret_is_named_by_its_rule_and_place(run):
    place, template, unused_output = run
    failed = found(place, "dirty")
    missing = [
        (secret.rule.id, path)
        for secret, path, offsets in template.places()
        if not any(file["path"].startswith(path) and file["offset"] in offsets for file in failed.get(secret.rule.id, ()))
    ]
    assert not missing
    assert len(template.left) >= 40 and len(failed) == len({secret.rule.id for secret, unused_path, unused_data in template.left})


def test_it_is_not_promoted_and_its_cleaned_twin_is(run):
    place, unused_template, output = run
    assert [path.name for path in (place / "golden").glob("*.qcow2") if path.is_symlink()] == ["clean.qcow2"], output[-3000:]
    assert not found(place, "clean")
    statuses = {each["control"]: each["status"] for each in records(place, "clean") if each["control"].startswith("residue-")}
    assert statuses.pop("residue-private-key") == "waived" and set(statuses.values()) == {"pass"}


def test_a_find_is_accepted_by_its_path_and_hash_until_a_day(run):
    """In a file as well as on the disk."""
    place, unused_template, unused_output = run
    (accepted,) = (each for each in records(place, "clean") if each["status"] == "waived")
    assert [(file["path"], file["waived_until"]) for file in accepted["observed"]["files"]] == [
        ("/opt/vendor/demo.pem", "2999-12-31"),
        ("disk 1", "2999-12-31"),
    ]
    (expired,) = (each for each in records(place, "dirty") if each["control"] == "residue-cloud-credential")
    assert "the waiver of /srv/0 by M. Okafor ended on 2026-01-31" in expired["message"] and expired["status"] == "fail"


def values(template):
    return {value for secret, unused_path, unused_data in template.left for value in secret.values}


def test_no_value_is_shown(run):
    """In no output, log or evidence, and in nothing that the sessions left."""
    place, template, output = run
    texts = {"output": output, "log": (place / "log").read_text(errors="replace")}
    for directory in ("evidence", "sessions"):
        texts.update({str(path): path.read_text(encoding="latin-1") for path in (place / directory).rglob("*") if path.is_file()})
    assert len(texts) > 6 and len(values(template)) > 40
    assert not [(name, value) for name, text in texts.items() for value in values(template) if value in text]


def test_no_value_is_in_what_is_promoted(run):
    """The clean one had all of them in free blocks and in its swap."""
    place, template, unused_output = run
    raw = images.raw(place / "golden/clean.qcow2", place / "promoted.raw").read_bytes()
    before = (place / "clean/disk.raw").read_bytes()
    encoded = {value.encode("latin-1") for value in values(template)}
    assert sum(value in before for value in encoded) > 40
    waived = {
        value.encode("latin-1")
        for secret, unused_path, unused_data in template.left
        if secret.rule.id == "residue-private-key"
        for value in secret.values
    }
    assert not [value for value in encoded - waived if value in raw]


@pytest.fixture(scope="module")
def proven(run):
    """The run of the clean twin, after the playbooks that verify, bind and export its evidence; what these printed."""
    place, unused_template, unused_output = run
    (evidence,) = (path.parent for path in (place / "evidence/clean").glob("*/manifest.json"))
    year = json.loads((evidence / "manifest.json").read_text())["ended"][:4]
    facts = {
        "verify_evidence": {"evidence": evidence, "image": place / "golden/clean.qcow2"},
        "export_oscal": {"evidence": evidence, "dest": place / "oscal"},
        "verify_history": {"evidence": place / "evidence", "history": place / "golden/clean.history.jsonl"},
        "binder": {"evidence": place / "evidence", "period": year, "dest": place / "binder", "binder_pdf": False},
    }
    shared = {"evidence_allowed_signers": place / "allowed_signers"}
    for name, values in facts.items():
        imported = {"ansible.builtin.import_playbook": str(PLAYBOOKS / f"{name}.yml"), "vars": {**shared, **values}}
        (place / f"{name}.json").write_text(json.dumps([imported], default=str))
    done = played(place, *(place / f"{name}.json" for name in facts), "-e", f"evidence_signing_key={place / 'pipeline'}")
    assert done.returncode == 0, done.stdout + done.stderr
    return place, evidence, done.stdout


def trust(place):
    return Trust(str(place / "allowed_signers"))


def test_the_evidence_of_the_twin_is_signed_and_verifies(proven):
    """With OpenSSH alone, too."""
    place, evidence, output = proven
    assert f"Signed by: {SIGNER}" in output
    command = ["ssh-keygen", "-Y", "verify", "-f", place / "allowed_signers", "-I", SIGNER, "-n", "hygeia-evidence"]
    with open(evidence / "manifest.json", "rb") as manifest:
        subprocess.run([*command, "-s", evidence / "manifest.json.sig"], stdin=manifest, check=True, capture_output=True)
    found = verification.verify(str(evidence), trust(place), str(place / "golden/clean.qcow2"))
    assert not found.problems and len(found.attestations) >= 3


def test_it_is_valid_as_oscal(proven):
    place, unused_evidence, unused_output = proven
    models = pytest.importorskip("trestle.oscal.assessment_results"), pytest.importorskip("trestle.oscal.poam")
    for model, name in zip(models, ("assessment-results", "plan-of-action-and-milestones")):
        assert model.Model.model_validate_json((place / f"oscal/{name}.json").read_text())


def test_a_tampered_image_is_caught(proven):
    place, evidence, unused_output = proven
    image = place / "tampered.qcow2"
    shutil.copy(place / "golden/clean.qcow2", image)
    with open(image, "r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        (last,) = stream.read()
        stream.seek(-1, os.SEEK_END)
        stream.write(bytes([last ^ 1]))
    (problem,) = verification.verify(str(evidence), trust(place), str(image)).problems
    assert str(image) in problem


def test_a_tampered_history_is_caught(proven, tmp_path):
    place, unused_evidence, unused_output = proven
    for path in (place / "golden/clean.history.jsonl", place / "evidence/runs.jsonl"):
        assert not history.verify(str(path), str(place / "evidence"), trust(place)).problems
        text = path.read_text()
        for other in (text.replace("clean", "dirty"), text[: text.rfind("\n", 0, -1) + 1]):
            (tmp_path / path.name).write_text(other)
            for beside in path.parent.glob(f"{path.name}.*"):
                shutil.copy(beside, tmp_path)
            assert history.verify(str(tmp_path / path.name), str(place / "evidence"), trust(place)).problems


def test_a_tampered_binder_is_caught(proven):
    place, unused_evidence, unused_output = proven
    assert not verification.verify(str(place / "binder"), trust(place)).problems
    for name in ("binder.html", "binder.json", "manifest.json"):
        path = place / "binder" / name
        content = path.read_bytes()
        path.write_bytes(content.replace(b"dirty", b"clean"))
        problems = verification.verify(str(place / "binder"), trust(place)).problems
        path.write_bytes(content)
        assert any(name in problem for problem in problems)


def test_the_binder_names_both_and_shows_no_value(proven, run):
    place, template, unused_output = run
    bound = (place / "binder/binder.json").read_text()
    assert "dirty" in bound and "clean" in bound and "residue-private-key" in bound
    for path in [*(place / "binder").iterdir(), *(place / "oscal").iterdir()]:
        text = path.read_text(encoding="latin-1")
        assert not [value for value in values(template) if value in text]
