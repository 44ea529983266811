# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A server with the part of AWX's API that its modules use to configure it: objects that are kept, and nothing that runs.

The fields of each type are those that AWX 24.6 knows. Another one is refused, which AWX itself would ignore; so is a request without
one that it requires.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

PROMPTS = {
    f"ask_{name}_on_launch" for name in ("limit", "variables", "diff_mode", "job_type", "job_slice_count", "inventory", "scm_branch")
}
TEMPLATE = {"name", "description", "organization", "extra_vars", "survey_enabled", "allow_simultaneous", "inventory", "limit", *PROMPTS}
# Of each type: the fields that a request may have, those that it must have, and the lists of other objects that belong to it.
NOTIFIED = {f"notification_templates_{when}" for when in ("started", "success", "error", "approvals")}
TYPES = {
    "organizations": ({"name", "description", "max_hosts"}, {"name"}, NOTIFIED | {"instance_groups", "galaxy_credentials"}),
    "execution_environments": ({"name", "image", "description", "organization", "pull", "credential"}, {"name", "image"}, set()),
    "instance_groups": ({"name", "is_container_group", "pod_spec_override", "max_forks"}, {"name"}, {"instances"}),
    "credential_types": ({"name", "description", "kind", "inputs", "injectors", "managed"}, {"name", "kind"}, set()),
    "credentials": ({"name", "description", "organization", "credential_type", "inputs"}, {"name", "credential_type"}, set()),
    "projects": (
        {
            "name",
            "description",
            "organization",
            "scm_type",
            "scm_url",
            "scm_branch",
            "scm_update_on_launch",
            "credential",
            "allow_override",
        },
        {"name"},
        NOTIFIED,
    ),
    "inventories": ({"name", "description", "organization", "variables", "kind"}, {"name", "organization"}, {"instance_groups"}),
    "inventory_sources": (
        {"name", "inventory", "source", "source_project", "source_path", "overwrite", "overwrite_vars", "update_on_launch"},
        {"name", "inventory"},
        NOTIFIED,
    ),
    "job_templates": (
        TEMPLATE | {"job_type", "project", "playbook", "execution_environment", "job_slice_count", "forks", "diff_mode"},
        {"name", "inventory", "project", "playbook"},
        NOTIFIED | {"credentials", "instance_groups", "labels"},
    ),
    "workflow_job_templates": (TEMPLATE, {"name"}, NOTIFIED | {"labels"}),
    "workflow_job_template_nodes": (
        {
            "identifier",
            "workflow_job_template",
            "unified_job_template",
            "extra_data",
            "limit",
            "inventory",
            "all_parents_must_converge",
            "type",
        },
        {"workflow_job_template"},
        {"success_nodes", "failure_nodes", "always_nodes", "credentials", "instance_groups", "labels"},
    ),
    "workflow_approval_templates": ({"name", "description", "timeout"}, {"name"}, set()),
    "notification_templates": (
        {"name", "description", "organization", "notification_type", "notification_configuration", "messages"},
        {"name", "organization", "notification_type"},
        set(),
    ),
    "schedules": ({"name", "unified_job_template", "rrule", "description", "enabled", "extra_data"}, {"name", "rrule"}, {"credentials"}),
    "tokens": ({"description", "application", "scope"}, set(), set()),
}
UNIFIED = ("job_templates", "workflow_job_templates", "projects", "inventory_sources")


class Awx:
    """What is configured; ``objects`` has the objects of each type by id."""

    def __init__(self):
        self.objects = {kind: {} for kind in TYPES}
        self.requests = []
        self._last = 0
        self.add("credential_types", {"name": "Machine", "kind": "ssh"})

    def names(self, kind):
        return sorted(item.get("name") or item["identifier"] for item in self.objects[kind].values())

    def one(self, kind, name):
        (found,) = (item for item in self.objects[kind].values() if name in (item.get("name"), item.get("identifier")))
        return found

    def add(self, kind, given):
        self._last += 1
        address = f"/api/v2/{kind}/{self._last}/"
        given = {**given, "scm_revision": ""} if kind == "projects" else given
        related = {"survey_spec": f"{address}survey_spec/"} if kind.endswith("job_templates") else {}
        lists = {name: [] for name in TYPES[kind][2]}
        item = {"id": self._last, "type": kind[:-1], "url": address, "related": related, "summary_fields": {}, "lists": lists, **given}
        self.objects[kind][self._last] = item
        return item

    # -- requests -----------------------------------------------------------------

    def answer(self, method, address, body):
        """The status and the body of the answer."""
        split = urlsplit(address)
        kind, number, part = (split.path.removeprefix("/api/v2/").strip("/").split("/") + ["", ""])[:3]
        if kind == "unified_job_templates":
            found = [item for each in UNIFIED for item in self.objects[each].values()]
            return self._list(found, split.query)
        if kind not in TYPES:
            return 404, {"detail": f"there is no {kind}"}
        if not number:
            return self._list(self.objects[kind].values(), split.query) if method == "GET" else self._create(kind, body)
        item = self.objects[kind].get(int(number))
        if item is None:
            return 404, {"detail": f"there is no {kind} {number}"}
        return self._part(method, kind, item, part, body) if part else self._item(method, kind, item, body)

    def _list(self, items, query):
        given = [(name, value) for name, value in parse_qsl(query) if name not in ("page_size", "page", "order_by")]
        either = [(name[4:], value) for name, value in given if name.startswith("or__")]
        found = [item for item in items if all(_matches(item, *pair) for pair in given if not pair[0].startswith("or__"))]
        found = [item for item in found if not either or any(_matches(item, *pair) for pair in either)]
        return 200, {"count": len(found), "next": None, "previous": None, "results": [_shown(item) for item in found]}

    def _create(self, kind, body):
        problem = self._problem(kind, body, TYPES[kind][1])
        if problem:
            return 400, problem
        return 201, {**_shown(self.add(kind, body)), "token": "of nobody"}

    def _problem(self, kind, body, required):
        unknown = {name for name, value in body.items() if value is not None} - TYPES[kind][0]
        if unknown:
            return {"__all__": [f"{kind} has no {', '.join(sorted(unknown))}"]}
        missing = required - {name for name, value in body.items() if value not in (None, "")}
        return {name: ["This field is required."] for name in sorted(missing)}

    def _item(self, method, kind, item, body):
        if method == "DELETE":
            del self.objects[kind][item["id"]]
            for other in TYPES:
                self.objects[other] = {
                    key: value for key, value in self.objects[other].items() if item["id"] != value.get("workflow_job_template", 0)
                }
            return 204, None
        if method == "PATCH":
            problem = self._problem(kind, body, set())
            if problem:
                return 400, problem
            item.update(body)
        return 200, _shown(item)

    def _part(self, method, kind, item, part, body):
        if part == "survey_spec":
            if method == "POST":
                item["survey"] = body
            return 200, item.get("survey", {})
        if part == "create_approval_template":
            approval = self.add("workflow_approval_templates", body)
            item["unified_job_template"] = approval["id"]
            item["related"]["unified_job_template"] = approval["url"]
            return 201, _shown(approval)
        if part not in item["lists"]:
            return 404, {"detail": f"{kind} has no list {part}"}
        if method == "POST":
            item["lists"][part] = [number for number in item["lists"][part] if number != body["id"]]
            item["lists"][part] += [] if body.get("disassociate") else [body["id"]]
            return 204, None
        return 200, {"count": len(item["lists"][part]), "next": None, "results": [{"id": number} for number in item["lists"][part]]}


def _matches(item, name, value):
    if name.endswith("__startswith"):
        return str(item.get(name.removesuffix("__startswith"), "")).startswith(value)
    return str(item.get(name)) == value


def _shown(item):
    return {name: value for name, value in item.items() if name not in ("lists", "survey")}


@contextlib.contextmanager
def served():
    """The server, and its address on the loopback."""
    awx = Awx()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self):
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size) or "{}")
            status, answer = awx.answer(self.command, self.path, body)
            if self.command != "GET" and not re.search("/tokens/", self.path):
                awx.requests.append((self.command, self.path))
            data = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("X-API-Product-Name", "AWX")
            self.send_header("X-API-Product-Version", "24.6.1")
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = _answer

        def log_message(self, *unused_arguments):  # pylint: disable=arguments-differ
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield awx, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
