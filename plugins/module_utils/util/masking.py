# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Results, differences and logs go to people who may see findings and may not see secrets: the one masking there is.

What a file holds is known by its path, as in shadow(5). Everything else is
recognised by how it looks: by a name that says that a secret follows, by the
form of a hash, a key or a token, or by a value that nobody could have typed.
A setting about secrets, such as ``PASS_MAX_DAYS 365``, is none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

try:
    from ansible.module_utils.secrets import mask_secrets  # what a play declared to be secret, since ansible-core 2.22
except ImportError:
    mask_secrets = None

MASK = "[masked]"

# Nothing is looked at closely that has none of these, in small letters.
_HINTS = (
    "pass",
    "pwd",
    "psk",
    "bindpw",
    "rootpw",
    "pw=",
    "pw:",
    "pw ",
    "pin=",
    "pin:",
    "secret",
    "token",
    "key",
    "auth",
    "cred",
    "community",
    "com2sec",
    "://",
    "-----",
    "bearer",
    "eyj",
    "grub.",
    "}",
    "cookie",
    "sig",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gldt-",
    "glrt-",
    "glptt-",
    "glft-",
    "gloas-",
    "xox",
    "akia",
    "asia",
    "aiza",
    "sk-",
    "sk_",
    "hvs.",
    "hvb.",
    "npm_",
    "pypi-",
    "sg.",
    "dop_v1",
    "scram-",
    "createuser",
    "identified",
    "monitor",
    "sha",
    "md5",
    "aes",
    "b3blbn",
    "-p",
    " -w",
    " -c",
    " -a",
    " -x",
    "/p:",
    " -u",
    "--user",
    "--proxy-user",
    "%",
    "securestring",
    "plain",
    "sudo",
    "cryptsetup",
)
_HASH = re.compile(r"\$\w+\$|:[A-Za-z0-9./]{13}:|\*[0-9A-F]{40}|(?m:^\s*\d+ M )")
# The end of a name that says that a secret follows; the short ones are words of their own.
_NAME = (
    r"(?!\w*(?:no|without|empty)_?passw)(?:[\w.-]{0,60}(?:password|passwd|passphrase|secret|token|sshpass|pgpass|pass4symmkey)\d?"
    r"|(?:[\w.-]{0,60}[_.-])?(?:pass|pwd|psk|pin|passcode|bindpw|rootpw|pw)\d?"
    r"|[\w.-]{0,60}(?-i:[a-z](?:Pass|Pwd|Psk))"
    r"|[\w.-]{0,60}(?:api|private|secret|access|encryption|master|signing|shared|preshared|pre[_-]shared|auth|client|license|session|cookie|hmac|wrapping)"
    r"[_-]?key(?:[_-]?data)?"
    r"|[\w.-]{0,60}(?:credentials?|_authtok|_auth|securestring|plain[_-]?text))"
)
# As a rule, what may be in a value that does not end with its line; a comma ends it where another option follows.
_WORD = r"""(?:[^\s,;&"'<>)\]}]|,(?![\w.-]+(?:[=,\s"']|$)|\s|$))+"""
_QUOTED = r'''"(?:\\.|[^"\\\n])*"?|'[^'\n]*'?|\\"(?:(?!\\").)*\\"'''
_VALUE = rf"(?P<value>{_QUOTED}|{_WORD})"
_ROOTS = r"(?:etc|usr|var|run|srv|opt|home|root|tmp|mnt|media|proc|sys|dev|lib|boot|data|credentials|secrets?)"
_HARMLESS = re.compile(
    r"(?i)(?:yes|no|true|false|none|null|nil|on|off|ask|always|never|required?|requisite|optional|sufficient|include|substack|prompt|file|env|keyring|x|\*|!+"
    r"|without-password|prohibit-password|forced-commands-only|files|systemd|compat|sss|ldap|winbind|nis|enabled?|disabled?|default|unset"
    r"|empty|all|any|(?:un)?changed|absent|present|locked|masked"
    rf"|\d{{1,3}}|[\w.-]*:?~?/(?:{_ROOTS}(?:/\S*)?)?|\.{{0,2}}/[\w./-]*|~/\S*|/|[-:;,]+"
    r"|\$\{?(?-i:[A-Z_][A-Z0-9_]*)\}?|\$[{(].*|\{\{.*|%\(.*|@\{.*|<[^>]*>|\*{3,}|x{3,}|ENC\[.*|!vault.*|(?:vault|env|file|keyring|cmd|command):.*"
    r"|\[.*|\{(?![\w-]+\}\S).*|[&*][a-z][a-z_-]*|pam_\w+\.so.*|\[(?:success|default|masked|user_unknown).*)"
)
# What begins a line may hold blanks, so all of the line belongs to it.
_LINE = re.compile(
    rf"""(?im)^(?P<before>[ \t]*(?:[-+][ \t]*)?(?:export[ \t]+|set[ \t]+|Environment=|-e[ \t]+)?["']?{_NAME}["']?[ \t]*(?:=|:(?=[ \t]))[ \t]*)"""
    r"(?P<value>[^\n]+?)(?=[ \t]*$)"
)
_INLINE = re.compile(rf"""(?i)(?P<before>(?<![\w./-]){_NAME}(?:["']|\\")?(?:[ \t]*=[ \t]*|[ \t]*:[ \t]+|:(?=["'\\])))(?!\s){_VALUE}""")
_LONG_OPTION = re.compile(rf"(?i)(?P<before>(?<!\S)--?{_NAME}(?:[ \t]+|=)){_VALUE}")
# A key by another name is one when its value looks like nothing but one.
_KEY = re.compile(
    r"""(?i)(?P<before>(?<![\w.-])(?!\w{0,60}(?:public|pub|gpg|pgp|host|finger|sort|index|primary|foreign)_?-?key)"""
    r"""[\w.-]{0,60}(?:key|sig|signature|auth)["']?[ \t]*[=:][ \t]*["']?)"""
    r"(?P<value>[A-Za-z0-9+/_=%-]{16,})"
)
# Names that are followed by blanks alone, where they begin a line.
_DIRECTIVE = re.compile(
    r"(?im)^(?P<before>[ \t]*(?:(?:bindpw|rootpw|rootbindpw|requirepass|masterauth|stats\s+auth\s+\S+?:|secret"
    r"|enable\s+(?:secret|password)(?:\s+\d)?|password(?=\s+(?!\S+\s+\S*pam_|\[))"
    r"|r[ow]community6?|trapcommunity|wpa-psk|wpa-passphrase|wireless-key|community"
    r"|com2sec6?\s+(?:-Cn\s+\S+\s+)?\S+\s+\S+|monitor\s+\S+@\S+\s+\d+\s+\S+|chpasswd)[ \t]+))"
    r"(?![=:])(?P<value>\"[^\"\n]*\"|\S+)"
)
_TOOLS = (
    # -p of programs that take a password there, glued or not, and other letters of other programs.
    r"\b(?:mysql\w*|mariadb\w*|sshpass|mongo\w*|ftp|smbget|plink|pscp|putty|svn|az)\b[^\n|;&]{0,300}?[ \t]-p[ \t]*",
    r"\b(?:docker|podman|skopeo|helm|oc)\s+(?:registry\s+)?login\b[^\n|;&]{0,300}?[ \t]-p[ \t]*",
    r"\bldap\w+\b[^\n|;&]{0,300}?[ \t]-w[ \t]*",
    r"\bredis-cli\b[^\n|;&]{0,300}?[ \t]-a[ \t]*",
    r"\bsnmp\w+\b[^\n|;&]{0,300}?[ \t]-[cAX][ \t]*",
    r"\b(?:ipmitool|mosquitto_\w+)\b[^\n|;&]{0,300}?[ \t]-P[ \t]*",
    r"\b(?:xfreerdp|rdesktop)\b[^\n|;&]{0,300}?\s(?:/p:|-p\s*)",
    r"\b(?:curl|wget)\b[^\n|;&]{0,300}?\s(?:-u|--user|--proxy-user)[\s=]+[\"']?[^\s:\"']+:",
    r"\bhtpasswd\s+-\w*b\w*\s+\S+\s+\S+\s+",
    r"\b(?:smbclient|rpcclient|net)\b[^\n|;&]{0,300}?[ \t]-U\s*[\"']?[^\s%\"']+%",
    r"\blftp\b[^\n|;&]{0,300}?[ \t]-u\s*[^\s,]+,",
)
_TOOL = re.compile(rf"(?P<before>{'|'.join(_TOOLS)}){_VALUE}")
_ALL = (
    # Private keys, whole or cut off by a difference's context; public ones are none.
    (
        re.compile(r"(-----BEGIN (?:[A-Z0-9 ]* )?PRIVATE KEY(?: BLOCK)?-----).*?(-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)", re.S),
        rf"\1 {MASK} \2",
    ),
    (re.compile(r"(-----BEGIN PGP MESSAGE-----).*?(-----END PGP MESSAGE-----|\Z)", re.S), rf"\1 {MASK} \2"),
    (re.compile(r"\bb3BlbnNzaC1rZXktdjE[A-Za-z0-9+/=\s]*"), MASK),
    (re.compile(r"\bAGE-SECRET-KEY-1\w+"), MASK),
    # Hashes of crypt(5), of directories, databases and web servers, and GRUB's.
    (re.compile(r"\$(?:1|2[abxy]?|5|6|7|8|9|14|y|gy|sha1|md5|apr1|argon2\w*|scrypt|pbkdf2[\w-]*|P|H|S|bcrypt[\w-]*)\$[^\s:;'\"]+"), MASK),
    (re.compile(r"\bpbkdf2_sha\d+\$\d+\$[^\s:;'\"]+"), MASK),
    (re.compile(r"\{(?:S?SHA\d*|S?MD5|CRYPT|PBKDF2[\w-]*|ARGON2|SCRAM[\w-]*)\}[^\s:;'\"]+", re.I), MASK),
    (re.compile(r"\bSCRAM-SHA-\d+\$[^\s;'\"]+"), MASK),
    (re.compile(r"(?<=['\"])(?:md5[0-9a-f]{32}|\*[0-9A-F]{40})(?=['\"])"), MASK),
    (re.compile(r"\bgrub\.pbkdf2\.[\w.]+"), MASK),
    # Tokens by the form that their makers gave them.
    (
        re.compile(
            r"\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{20,}|gl(?:pat|dt|rt|ptt|ft|oas)-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|(?:AKIA|ASIA)[0-9A-Z]{16}"
            r"|AIza[\w-]{30,}|sk[-_](?!ssh-|ecdsa-)(?:live_|test_|ant-|proj-)?[\w-]{16,}|hv[sb]\.[\w-]{20,}|npm_\w{30,}"
            r"|pypi-[\w-]{16,}|SG\.[\w-]{16,}\.[\w-]{16,}"
            r"|dop_v1_\w{32,}|eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*)"
        ),
        MASK,
    ),
    (
        re.compile(r"(?i)(\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|token|digest|apikey)\s+)(?!\{\{)[^\s\"']+"),
        rf"\1{MASK}",
    ),
    (re.compile(r"(?i)(\bbearer\s+)(?!token)[\w.~+/=-]{12,}"), rf"\1{MASK}"),
    (re.compile(r"(?i)(\b(?:set-)?cookie:\s*)[^\n\"']+"), rf"\1{MASK}"),
    # scheme://user:password@host; a password may hold what belongs into no address.
    (re.compile(r"(\w://[^/\s:@\"']*:)(?!\d{1,5}(?:/|$))[^\s\"'<>]+(@)"), rf"\1{MASK}\2"),
    (re.compile(r"(\w://)[A-Za-z0-9_-]{24,}(@)"), rf"\1{MASK}\2"),
    # What is said in a statement or a line of a program's own language.
    (
        re.compile(
            r"(?i)(\b(?:identified\s+(?:with\s+\S+\s+)?(?:by|as)|password|psk|pwd|secret)\s+(?:password\s+)?)('[^'\n]+'|\"[^\"\n]+\")"
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"(?i)(\bpass:)(?![\s/])[^\s\"']+"), rf"\1{MASK}"),
    (
        re.compile(
            r"(?i)(\bcreateuser\s+(?:-e\s+\S+\s+)?\S+\s+(?:MD5|SHA[\d-]*)\s+)(\"[^\"\n]*\"|\S+)((?:\s+(?:DES|AES[\d-]*)\s+)?)(\"[^\"\n]*\"|\S+)?"
        ),
        lambda found: f"{found[1]}{MASK}{found[3]}{MASK if found[3] else ' ' + found[4] if found[4] else ''}",
    ),
    (re.compile(r"(?im)^((?:machine\s+\S+|default)\s+(?:login\s+\S+\s+)?(?:account\s+\S+\s+)?password\s+)\S+"), rf"\1{MASK}"),
    (re.compile(r"(?m)^(\s*\d+\s+(?:MD5|SHA1|SHA256|SHA384|SHA512|AES128|AES256|M|RIPEMD160)\s+)(?:HEX:|ASCII:)?\S{6,}"), rf"\1{MASK}"),
    (re.compile(r"(?m)^(\s*[\w.-]+:)[A-Za-z0-9./]{13}(?=:\d*(?::|$))"), rf"\1{MASK}"),
    (re.compile(r"(\becho\s+[\"']?[\w.-]+:)[^\s\"'|]+(?=[\"']?\s*\|\s*(?:sudo\s+)?chpasswd)"), rf"\1{MASK}"),
    (re.compile(r"(\becho\s+(?:-\w+\s+)?)(?:\"[^\"\n]+\"|'[^'\n]+'|\S+)(?=\s*\|\s*(?:passwd\b|cryptsetup\b|sudo\s+-S))"), rf"\1{MASK}"),
    (re.compile(r'(?i)("auth"\s*:\s*")[\w+/=]{8,}(")'), rf"\1{MASK}\2"),
)
# Files of which a column is a secret: the lines, with what stands before it.
_COLUMNS = (
    (re.compile(r"/(?:g?shadow|opasswd)-?$"), re.compile(r"(?m)^([^:\n]*:)([^:\n]{5,})")),
    (re.compile(r"/(?:\.?htpasswd\S*|rsyncd?\.(?:secrets|passwd)|passwd\.client)$"), re.compile(r"(?m)^([^:\n]*:)([^\n]+)")),
    (re.compile(r"/\.?pgpass(?:\.conf)?$"), re.compile(r"(?m)^((?:(?:\\.|[^:\\\n])*:){4})([^\n]+)")),
    (re.compile(r"/sasl_passwd$"), re.compile(r"(?m)^(\S+\s+[^:\s]+:)(\S+)")),
    (re.compile(r"/(?:chap|pap)-secrets$"), re.compile(r"(?m)^(\s*[^#\s]\S*\s+\S+\s+)(\S+)")),
    (re.compile(r"/ipsec\.secrets$"), re.compile(r"(?m)^([^#\n]*:\s*\w+\s+)(\S+)")),
    (re.compile(r"/(?:chrony|ntp)\.?keys$"), re.compile(r"(?m)^(\s*\d+\s+(?:\S+\s+)?)(\S+)[ \t]*$")),
    (re.compile(r"/(?:\.netrc|_netrc)$"), re.compile(r"(?m)(\bpassword\s+)(\S+)")),
    (re.compile(r"/\.git-credentials$"), re.compile(r"(?m)^(\w+://[^:\n]*:?)([^@\n]+)(?=@)")),
)


def masked(value: Any) -> Any:
    """The same data with what looks like a secret replaced in every text, and bytes that are no text spelt out."""
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, dict):
        return {masked(key): _of(key, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_after(value[number - 1] if number else None, item) for number, item in enumerate(value)]
    return value


def masked_text(text: str) -> str:
    """A text that may be shown."""
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    if mask_secrets:
        text = mask_secrets(text, mask_placeholder=MASK)
    return _by_form(text) if len(text) > _SHORT else _remembered(text)


def _by_form(text: str) -> str:
    small = text.lower()
    if not any(hint in small for hint in _HINTS) and not _HASH.search(text):
        return text
    text = _headless(text)
    for pattern, replacement in _ALL:
        text = pattern.sub(replacement, text)
    for pattern in (_TOOL, _LONG_OPTION, _DIRECTIVE, _LINE, _INLINE):
        text = pattern.sub(_replaced, text)
    return _KEY.sub(_replaced_key, text)


# Names of fields and short values come again a thousand times in the records of one host.
_SHORT = 120
_remembered = lru_cache(maxsize=8192)(_by_form)
_END = re.compile(r"-----END [A-Z0-9 ]*PRIVATE KEY")
_ENCODED = re.compile(r"[+ \t-]{0,4}[A-Za-z0-9+/=]{16,}\s*")


def _headless(text: str) -> str:
    """A private key of which only the end is here, as in a difference."""
    if not _END.search(text):
        return text
    lines = text.split("\n")
    for end in [number for number, line in enumerate(lines) if _END.search(line)]:
        while end and _ENCODED.fullmatch(lines[end - 1]):
            end -= 1
            lines[end] = MASK
    return "\n".join(lines)


def masked_file(path: str, text: str) -> str:
    """The text of a file that may be shown; some files are known by their names."""
    for names, column in _COLUMNS:
        if isinstance(text, str) and names.search(path):
            text = column.sub(rf"\1{MASK}", text)
    return masked(text)


def masked_diff(path: str, before: str, after: str) -> dict[str, str]:
    """A difference as a module returns it; where only a secret changed, it still shows that something did."""
    shown = {"before": masked_file(path, before), "after": masked_file(path, after)}
    if before != after and shown["before"] == shown["after"] and isinstance(after, str):
        shown["after"] += f"{MASK} (what changed is a secret)\n"
    return {"before_header": path, "after_header": path, **shown}


_WHOLE_NAME = re.compile(rf"(?i){_NAME}")
_WHOLE_OPTION = re.compile(rf"(?i)--?{_NAME}")


def _of(key: Any, item: Any) -> Any:
    """A value by the name that it has."""
    if isinstance(key, str) and isinstance(item, str) and item and _names_secret(key) and not _harmless(item):
        return MASK
    return masked(item)


@lru_cache(maxsize=8192)
def _names_secret(key: str) -> bool:
    return bool(_WHOLE_NAME.fullmatch(key))


def _after(before: Any, item: Any) -> Any:
    """A word of a command line, which may be the value of the option before it."""
    if isinstance(before, str) and before[:1] == "-" and isinstance(item, str) and _WHOLE_OPTION.fullmatch(before) and not _harmless(item):
        return MASK
    return masked(item)


def _harmless(value: str) -> bool:
    plain = value.strip().strip("\"'\\").strip()
    return not plain or MASK in plain or bool(_HARMLESS.fullmatch(plain))


def _replaced(found: re.Match[str]) -> str:
    value = found["value"]
    if _harmless(value):
        return found[0]
    # A service switch and a list of options name several harmless words.
    words = value.split()
    if len(words) > 1 and all(_HARMLESS.fullmatch(word) for word in words):
        return found[0]
    return found["before"] + MASK


def _replaced_key(found: re.Match[str]) -> str:
    """A key is as long as one and mixes letters with digits; a fingerprint, a file or a public key is none."""
    value = found["value"].strip("=")
    mixed = all(re.search(sort, value) for sort in ("[A-Za-z]", "[0-9]")) and (
        (re.search("[A-Z]", value) and re.search("[a-z]", value)) or len(value) >= 32
    )
    public = (
        value.startswith(("AAAA", "http", "LS0tLS1CRUdJTiBDRVJU"))
        or re.fullmatch("[0-9A-Fa-f]{16}|[0-9A-Fa-f]{40}", value)
        or "/" in value[:1]
    )
    return found[0] if public or not mixed else found["before"] + MASK
