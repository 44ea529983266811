# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: stdout
author: hygeia.golden authors (@hygeia-golden)
version_added: 1.0.0
short_description: One line per host, with its step, the time that it took so far, and the task that runs
description:
  - On a terminal, the hosts that are being worked on have one line each, which is updated in place.
  - Elsewhere, such as in a pipeline or a log, a line is printed whenever a host has ended a step.
  - A step is a role. The tasks of a role that have a file of their own, such as those of C(hygeia.golden.image), are a step each.
  - Failures, warnings, and what tasks print with M(ansible.builtin.debug) and M(ansible.builtin.assert) appear when they happen. Tasks
    that were skipped or changed nothing do not.
  - At the end, a table lists all hosts with their outcome, the number of changes, the elapsed time and the longest steps.
  - With C(-v) and O(enabled=false), the output is that of P(ansible.builtin.default#callback).
extends_documentation_fragment:
  - default_callback
  - result_format_callback
requirements:
  - Set as C(stdout_callback) in the section C(defaults) of C(ansible.cfg), or in the environment variable E(ANSIBLE_STDOUT_CALLBACK).
options:
  enabled:
    description: Whether to print the progress. If V(false), the output is that of P(ansible.builtin.default#callback).
    type: bool
    default: true
    env:
      - name: HYGEIA_GOLDEN_PROGRESS
    ini:
      - section: hygeia_golden
        key: progress
  terminal:
    description:
      - Whether the lines are updated in place.
      - V(auto) means, on a terminal that is not V(dumb) and unless the environment variable E(CI) is set.
    type: str
    choices: [auto, always, never]
    default: auto
    env:
      - name: HYGEIA_GOLDEN_PROGRESS_TERMINAL
    ini:
      - section: hygeia_golden
        key: progress_terminal
"""

EXAMPLES = r"""
ansible.cfg: |
  [defaults]
  stdout_callback = hygeia.golden.progress
"""

import os
import sys
import time
from typing import Any

from ansible import constants
from ansible.plugins.callback.default import CallbackModule as DefaultCallback
from ansible_collections.hygeia.golden.plugins.plugin_utils.progress import lines
from ansible_collections.hygeia.golden.plugins.plugin_utils.progress.board import Board
from ansible_collections.hygeia.golden.plugins.plugin_utils.progress.state import Progress

# Messages of ansible.builtin.assert and of failures that say nothing that the name of the task does not.
EMPTY = ("", "All assertions passed", "One or more items failed", "non-zero return code", "The command exited with a non-zero return code.")


def step_of(task: Any) -> str:
    """The role that a task belongs to, with the name of its file where the role was entered by another one than main."""
    role = task._role
    if role is None:
        return ""
    file = getattr(role, "_from_files", {}).get("tasks", "main")
    name = str(role.get_name(include_role_fqcn=False))
    return name if file == "main" else f"{name} {os.path.splitext(file)[0]}"


def messages(result: dict[str, Any]) -> list[str]:
    """What a result says, one sentence per line: its message, or that of each item that failed, or what the command printed last."""
    found = result.get("msg", "")
    said = [str(item) for item in found] if isinstance(found, (list, tuple)) else str(found).splitlines()
    said = [line for line in said if line.strip() not in EMPTY]
    if not said and isinstance(result.get("results"), list):
        return [line for item in result["results"] if isinstance(item, dict) and item.get("failed") for line in messages(item)]
    for printed in ("module_stderr", "stderr", "stdout") if not said else ():
        if str(result.get(printed) or "").strip():
            return [str(result[printed]).strip().splitlines()[-1]]
    return said


class CallbackModule(DefaultCallback):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "hygeia.golden.progress"

    def __init__(self) -> None:
        super().__init__()
        self._progress = Progress(time.monotonic)
        self._board: Board | None = None
        self._enabled = False

    # -- the run ------------------------------------------------------------------

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._enabled = bool(self.get_option("enabled")) and self._display.verbosity == 0
        if not self._enabled:
            super().v2_playbook_on_start(playbook)
            return
        if self._in_place():
            self._board = Board(sys.stdout, lambda width, height: lines.running(self._progress, width, height))
            self._display.display = self._board.wrapped(self._display.display)

    def _in_place(self) -> bool:
        wanted = self.get_option("terminal")
        automatic = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb" and not os.environ.get("CI")
        return bool(wanted == "always" or (wanted == "auto" and automatic))

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._progress.wait()
        if not self._enabled:
            super().v2_playbook_on_play_start(play)
            return
        self._play = play
        if play.get_name().strip():
            self._print(play.get_name().strip() + (" [check mode]" if play.check_mode else ""))
        if self._board:
            self._board.start()

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._progress.wait()
        if self._board:
            self._board.stop()
        if not self._enabled:
            super().v2_playbook_on_stats(stats)
            return
        counts = {name: stats.summarize(name) for name in stats.processed}
        table = list(lines.summary(self._progress, counts))
        if counts:
            self._print("\n".join(["", *table]))

    # -- tasks --------------------------------------------------------------------

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        if not self._enabled:
            super().v2_playbook_on_task_start(task, is_conditional)

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        if not self._enabled:
            super().v2_playbook_on_handler_task_start(task)

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        if not self._enabled:
            super().v2_runner_on_start(host, task)
            return
        ended = self._progress.start(host.get_name(), step_of(task), task.name or task.get_name())
        if ended and not self._board and ended[1] >= lines.SHORTEST:
            self._print(f"  {host.get_name()}: {ended[0]} {lines.duration(ended[1])}")
        # Who is asked something must see the question.
        if self._board and task.action in ("pause", "ansible.builtin.pause", "ansible.legacy.pause"):
            self._board.stop()

    def v2_runner_on_ok(self, result: Any) -> None:
        if not self._enabled:
            super().v2_runner_on_ok(result)
            return
        if self._board:
            self._board.start()
        if result._result.get("changed"):
            self._progress.change(result._host.get_name())
        self._handle_warnings(result._result)
        if result._result.get("_ansible_verbose_always"):
            self._report(result, messages(result._result) or self._variables(result), constants.COLOR_OK)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if not self._enabled:
            super().v2_runner_on_failed(result, ignore_errors)
            return
        self._handle_warnings(result._result)
        if ignore_errors:
            return
        self._progress.fail(result._host.get_name())
        said = messages(result._result) or ["no reason was given; -v shows the whole result"]
        self._report(result, said, constants.COLOR_ERROR, f"failed at {self._where(result)}")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        if not self._enabled:
            super().v2_runner_on_unreachable(result)
            return
        self._progress.fail(result._host.get_name(), unreachable=True)
        self._report(result, messages(result._result), constants.COLOR_UNREACHABLE, f"unreachable at {self._where(result)}")

    def v2_runner_on_skipped(self, result: Any) -> None:
        if not self._enabled:
            super().v2_runner_on_skipped(result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        if not self._enabled:
            super().v2_runner_item_on_ok(result)
        elif result._result.get("_ansible_verbose_always"):
            self._report(result, messages(result._result) or self._variables(result), constants.COLOR_OK)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        if not self._enabled:
            super().v2_runner_item_on_failed(result)

    def v2_runner_item_on_skipped(self, result: Any) -> None:
        if not self._enabled:
            super().v2_runner_item_on_skipped(result)

    def v2_runner_retry(self, result: Any) -> None:
        if not self._enabled:
            super().v2_runner_retry(result)

    def v2_playbook_on_include(self, included_file: Any) -> None:
        if not self._enabled:
            super().v2_playbook_on_include(included_file)

    def v2_playbook_on_no_hosts_remaining(self) -> None:
        if not self._enabled:
            super().v2_playbook_on_no_hosts_remaining()

    def v2_on_file_diff(self, result: Any) -> None:
        if not self._enabled:
            super().v2_on_file_diff(result)
            return
        for item in result._result.get("results", [result._result]):
            if isinstance(item, dict) and item.get("diff") and item.get("changed"):
                text = self._get_diff(item["diff"])
                if text.strip():
                    self._report(result, text.rstrip().splitlines(), None, f"changes at {self._where(result)}")

    # -- output -------------------------------------------------------------------

    def _where(self, result: Any) -> str:
        """``verify boot, Log in``: the step and the task."""
        task = result._task
        return ", ".join(filter(None, (step_of(task), str(task.name or task.get_name()).strip())))

    def _variables(self, result: Any) -> list[str]:
        """What ansible.builtin.debug printed with ``var``."""
        return [
            f"{name}: {value}"
            for name, value in result._result.items()
            if not name.startswith("_") and name not in ("changed", "failed", "msg")
        ]

    def _report(self, result: Any, said: list[str], color: str | None, title: str = "") -> None:
        """What was said, below a line with the host and a title; beside the host if it is short."""
        host = result._host.get_name()
        if len(said) == 1 and not title:
            self._print(f"{host}: {said[0]}", color)
        elif said or title:
            self._print("\n".join([f"{host} {title}:" if title else f"{host}:", *(f"  {line}" for line in said)]), color)

    def _print(self, text: str, color: str | None = None) -> None:
        self._display.display(lines.printable(text), color=color)
