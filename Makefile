# make demo: a template goes in, a golden image and its report come out.
# make check: lint, documentation and the unit tests of one release, in minutes.
# make test: everything that CI runs.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:

BUILD := $(CURDIR)/.build
VENV := $(BUILD)/venv
# A template and its golden image appear here.
DEMO := $(BUILD)/demo
# How the steps of make test ended.
RECORD := $(BUILD)/steps
AREAS := $(patsubst tests/system/%/,%,$(sort $(dir $(wildcard tests/system/*/test_*.py))))
SCENARIOS := default image live
# The oldest and the newest supported release of ansible-core; the one in between runs everything else.
RELEASES := 2.16 2.21
# The steps of make test. Those that take longest come first, for the last ones to end together.
LONGEST := system-build_host system-inventory molecule-image system-packer unit system-tamper release-2.21 system-session release-2.16 sanity \
    system-profiles system-migration system-publish system-boot system-patch
STEPS := $(LONGEST) $(filter-out $(LONGEST), $(AREAS:%=system-%) $(SCENARIOS:%=molecule-%) $(RELEASES:%=release-%)) lint docs-check
# How many steps run at a time: one more than two cores would, for somebody always waits, for a mirror or for a guest to boot.
JOBS := 3
# Parsers are tried with many inputs under one release.
FEW := -m 'not hypothesis and not many'

export ANSIBLE_COLLECTIONS_PATH := $(BUILD)/collections
export PYTHONPATH := $(BUILD)/collections
export PATH := $(VENV)/bin:$(PATH)
export MOLECULE_GLOB := molecule/*/molecule.yml

.PHONY: help demo check test deps lint sanity unit releases system molecule docs changelog docs-check bench platform clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: deps $(DEMO)/templates/debian-12.qcow2 $(DEMO)/inventory.yml
	ANSIBLE_STDOUT_CALLBACK=hygeia.golden.progress ansible-playbook --inventory $(DEMO)/inventory.yml playbooks/golden_image.yml

# What whoever edits wants to know soon.
check: lint docs-check
	pytest --quiet --numprocesses 2 tests/unit

# What fails does not hide what comes after it.
test: deps
	rm -f $(RECORD)
	code=0; $(MAKE) --no-print-directory --keep-going --jobs=$(JOBS) --output-sync $(STEPS:%=step-%) || code=$$?; \
	    tests/step.sh $(RECORD) && exit $$code

step-%:
	+@tests/step.sh $(RECORD) $*

lint: deps
	ansible-lint --profile production
	antsibull-changelog lint
	ruff check --quiet .
	ruff format --quiet --check .
	mypy --no-error-summary
	python3 tests/vocabulary.py

sanity: deps
	tests/sanity.sh $(VENV)

unit: deps
	pytest --quiet tests/unit

releases: $(RELEASES:%=release-%)

# The oldest release runs on the same Python as the one in between, so what travels to a host, which knows little of
# ansible-core, is tried there once.
release-2.16: deps
	tests/with-ansible-core.sh 2.16 pytest --quiet $(FEW) --ignore tests/unit/plugins/module_utils tests/unit
	$(scenario-with-release)
	tests/with-ansible-core.sh 2.16 pytest --quiet tests/system/answers -k 'nor_do or lies0 or out_of_reach or attack_works'

release-2.21: deps
	tests/with-ansible-core.sh 2.21 pytest --quiet $(FEW) tests/unit
	$(scenario-with-release)

# In directories of its own, for the scenario may be running with another release at the same time.
define scenario-with-release
export MOLECULE_EPHEMERAL_DIRECTORY=$(BUILD)/molecule/$@.state ROOTFS=$@; \
    molecule destroy --scenario-name default; \
    molecule create --scenario-name default; \
    tests/with-ansible-core.sh $(@:release-%=%) bash -ec \
        'for step in converge idempotence verify destroy; do molecule $$step --scenario-name default; done'
endef

# Real disks, real daemons, real guests.
system: $(AREAS:%=system-%)

system-%: deps
	pytest --quiet --timeout 1800 --durations 15 tests/system/$*

molecule: $(SCENARIOS:%=molecule-%)

molecule-%: deps
	molecule test --scenario-name $*

# The catalogue of controls is generated from the data.
docs: deps
	python docs/generate.py

# CHANGELOG.md is built from the fragments of the next release.
changelog: deps
	docs/changelog.sh

docs-check: deps
	python docs/generate.py --check
	docs/changelog.sh --check

bench: deps $(DEMO)/templates/debian-12.qcow2 $(DEMO)/trees/debian-12
	python tests/bench/bench.py $(DEMO)/templates/debian-12.qcow2
	python tests/bench/volumes.py
	python tests/bench/residue.py $(DEMO)/templates/debian-12.qcow2
	python tests/bench/fleet.py $(DEMO)/trees/debian-12
	python tests/bench/fleet_page.py
	python tests/bench/domains.py
	python tests/bench/migration.py

# make platform TEMPLATE=rocky-9.qcow2: the main job on an image of yours, and its record for docs/platforms.
PROFILE := hipaa
platform: deps
	@test -f "$(TEMPLATE)" || { echo 'say which image: make platform TEMPLATE=rocky-9.qcow2'; exit 1; }
	python tests/platforms/prove.py "$(TEMPLATE)" --profile "$(PROFILE)"

clean:
	rm -rf $(BUILD)

# -- what the commands need ---------------------------------------------------

deps: $(BUILD)/packages.done $(VENV)/done $(BUILD)/collections/ansible_collections/hygeia/golden $(BUILD)/collections/platforms.done

$(BUILD)/packages.done: bindep.txt
	mkdir -p $(@D)
	missing=$$(sed -n 's/^\([a-z0-9][^ ]*\).*/\1/p' bindep.txt | while read -r name; do \
	    [[ $$(dpkg-query --show --showformat='$${db:Status-Status}' $$name 2>/dev/null) == installed ]] || echo $$name; done); \
	if [[ -n $$missing ]]; then \
	    apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $$missing; fi
	touch $@

$(VENV)/done: tests/requirements.txt tests/constraints.txt | $(BUILD)/packages.done
	/usr/bin/python3 -m venv --clear $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement tests/requirements.txt --constraint tests/constraints.txt
	touch $@

$(BUILD)/collections/ansible_collections/hygeia/golden:
	mkdir -p $(@D)
	ln -s $(CURDIR) $@

# The collections that publish to the platforms, from the package that has them all. In the environment itself, that package
# would take the place of the directory above.
$(BUILD)/collections/platforms.done: tests/collections.txt $(VENV)/done
	mkdir -p $(@D)
	rm -rf $(BUILD)/ansible && mkdir -p $(BUILD)/ansible
	$(VENV)/bin/pip download --quiet --disable-pip-version-check --no-deps --dest $(BUILD)/ansible $$(sed -n '/==/p' $<)
	sed -n 's|^\([a-z]*\)[.]\([a-z]*\)$$|ansible_collections/\1/\2/*|p' $< | \
	    xargs $(VENV)/bin/python tests/unpack.py $(BUILD)/ansible/*.whl $(@D)
	rm -rf $(BUILD)/ansible
	touch $@

$(DEMO)/inventory.yml: Makefile
	mkdir -p $(@D)
	printf '%s\n' 'templates:' '  vars:' '    image_dest: $(DEMO)/images' '    evidence_dir: $(DEMO)/evidence' \
	    '    verify_platforms: [kvm, proxmox, vmware]' '  hosts:' '    debian-12:' '      template_source: $(DEMO)/templates/debian-12.qcow2' > $@

$(DEMO)/templates/debian-12.qcow2: | deps
	mkdir -p $(@D)
	python3 tests/templates/build.py --output $@

$(DEMO)/trees/debian-12: | deps
	mkdir -p $(@D)
	python3 tests/templates/build.py --format directory --output $@
