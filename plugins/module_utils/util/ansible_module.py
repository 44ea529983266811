# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How every module answers: in JSON of valid UTF-8, whatever bytes the system holds, and without its secrets where it fails."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.util.places import OddFile
from ansible_collections.hygeia.golden.plugins.module_utils.util.presentable import presentable


class Module(AnsibleModule):
    """An AnsibleModule that spells odd bytes; a result with one of them would be lost on its way to the controller.

    An odd file that nobody has made a finding of ends it with its sentence, never with a traceback. What a program
    printed may quote a line with a secret, so a failure is masked, and so is what is said of a fault of ours.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        sys.excepthook = self._fall

    def _fall(self, kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, OddFile):
            self.fail_json(str(problem))
        sys.stderr.write(_masked("".join(traceback.format_exception(kind, problem, trace))))

    def exit_json(self, **kwargs: Any) -> None:
        super().exit_json(**presentable(kwargs))

    def fail_json(self, msg: str, **kwargs: Any) -> None:
        super().fail_json(_masked(presentable(msg)), **_masked(presentable(kwargs)))


def _masked(value: Any) -> Any:
    """Masking takes a moment to get ready, which a module that does not fail need not wait for."""
    from ansible_collections.hygeia.golden.plugins.module_utils.util.masking import masked  # pylint: disable=import-outside-toplevel

    return masked(value)
