# make demo: a template goes in, a golden image and its report come out.
# make test: everything that CI runs.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:

BUILD := $(CURDIR)/.build
VENV := $(BUILD)/venv
# A template and its golden image appear here.
DEMO := $(BUILD)/demo
# What make system and make molecule run.
SYSTEM := tests/system
SCENARIOS := rootfs image live

export ANSIBLE_COLLECTIONS_PATH := $(BUILD)/collections
export PYTHONPATH := $(BUILD)/collections
export PATH := $(VENV)/bin:$(PATH)
export MOLECULE_GLOB := molecule/*/molecule.yml

.PHONY: help demo test lane-of-releases lane-of-guests deps lint sanity unit versions system molecule docs docs-check bench clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: deps $(DEMO)/templates/debian-12.qcow2 $(DEMO)/inventory.yml
	ansible-playbook --inventory $(DEMO)/inventory.yml playbooks/golden_image.yml

# Two lanes side by side, for no one step keeps two cores busy.
test: lint docs-check
	$(MAKE) --jobs=2 lane-of-releases lane-of-guests

lane-of-releases:
	$(MAKE) sanity
	$(MAKE) unit
	$(MAKE) versions
	$(MAKE) molecule SCENARIOS='rootfs image'
	$(MAKE) system SYSTEM=tests/system/spoil

lane-of-guests:
	$(MAKE) system SYSTEM='--ignore=tests/system/spoil tests/system'
	$(MAKE) molecule SCENARIOS=live

lint: deps
	ansible-lint --profile production
	antsibull-changelog lint

sanity: deps
	tests/sanity.sh $(VENV)

unit: deps
	pytest --quiet tests/unit

# The oldest and the newest supported release of ansible-core; the one in between runs everything else.
versions: deps
	for release in 2.16 2.21; do \
	    tests/with-ansible-core.sh $$release pytest --quiet tests/unit; \
	    molecule destroy --scenario-name rootfs; \
	    molecule create --scenario-name rootfs; \
	    tests/with-ansible-core.sh $$release bash -ec \
	        'for step in converge idempotence verify destroy; do molecule $$step --scenario-name rootfs; done'; done

# Real disks, real daemons, real guests.
system: deps
	pytest --quiet $(SYSTEM)

molecule: deps
	for scenario in $(SCENARIOS); do molecule test --scenario-name $$scenario; done

# The catalogue of controls is generated from the data.
docs: deps
	python docs/generate.py

docs-check: deps
	python docs/generate.py --check

bench: deps $(DEMO)/templates/debian-12.qcow2
	python tests/bench/bench.py $(DEMO)/templates/debian-12.qcow2

clean:
	rm -rf $(BUILD)

# -- what the commands need ---------------------------------------------------

deps: $(BUILD)/packages.done $(VENV)/done $(BUILD)/collections/ansible_collections/hygeia/golden

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

$(DEMO)/inventory.yml: Makefile
	mkdir -p $(@D)
	printf '%s\n' 'templates:' '  vars:' '    image_dest: $(DEMO)/images' '    evidence_dir: $(DEMO)/evidence' \
	    '  hosts:' '    debian-12:' '      template_source: $(DEMO)/templates/debian-12.qcow2' > $@

$(DEMO)/templates/debian-12.qcow2: | deps
	mkdir -p $(@D)
	python3 tests/templates/build.py --output $@
