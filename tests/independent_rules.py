"""The roster and custody, from docs/format.md sections 12.3 to 12.5 alone. Each act is a function of the state and the entry."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from independent_note import Wrong, usable, vkey
from independent_schema import instant

HOLDER_ROLES = {"custodian", "examiner"}
LOST = {"loss", "theft", "confiscation", "destruction"}


@dataclass
class Head:
    seq: int
    entry: str
    record: bytes
    seen: int


@dataclass
class Handler:
    roles: set[str]
    keys: list[tuple[str, bool]]
    start: int | None = None
    end: int | None = None

    def valid_at(self, moment: int) -> bool:
        return (self.start is None or self.start <= moment) and (self.end is None or moment <= self.end)

    def good(self, moment: int) -> bool:
        return self.keys[-1][1] and self.valid_at(moment)


@dataclass
class Item:
    status: str
    holder: str
    kind: str
    content: str | None
    sealed: bool = False
    to: str | None = None
    release: str | None = None
    grant: tuple[str, str, str] | None = None


@dataclass
class State:
    """What the log says so far."""

    log_vkey: str
    heads: dict[str, Head] = field(default_factory=dict)
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    handlers: dict[str, Handler] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)
    prefixes: dict[str, str] = field(default_factory=dict)
    unsafe: dict[tuple[str, bytes], int] = field(default_factory=dict)
    """Section 12.3: a name and a raw key that were declared unsafe, and from where on."""
    vouchings: list[tuple[int, str, list[str]]] = field(default_factory=list)
    """Section 12.7: place, target and signers of each `attest`."""
    publics: set[bytes] = field(default_factory=set)
    max_lag: int = 0
    closed: int = 0
    ended: bool = False


@dataclass
class Now:
    """An entry at its place."""

    state: State
    said: dict[str, Any]
    place: int
    recorded: int
    cited: str

    @property
    def body(self) -> dict[str, Any]:
        return dict(self.said["body"])

    @property
    def by(self) -> list[str]:
        return list(self.said["by"])

    def signers(self, *counts: int) -> None:
        if len(self.by) not in counts:
            raise Wrong("by.count")

    def role(self, name: str, *roles: str) -> None:
        if name not in self.state.handlers:
            raise Wrong("key.unknown")
        if not self.state.handlers[name].roles & set(roles):
            raise Wrong("role")

    def item(self) -> Item:
        if self.said["subject"] not in self.state.items:
            raise Wrong("item.unknown")
        return self.state.items[self.said["subject"]]

    def held(self) -> Item:
        item = self.item()
        if item.status == "ended":
            raise Wrong("item.ended")
        if item.holder != self.by[0]:
            raise Wrong("item.holder")
        if item.status != "held":
            raise Wrong(f"item.{item.status}")
        return item

    def claim(self, public: bytes) -> None:
        if public in self.state.publics:
            raise Wrong("key.used")
        self.state.publics.add(public)


def content(files: Any) -> str | None:
    """Section 11: the content digest."""
    if files is None or isinstance(files, dict):
        return None if files is None else str(files["root"])
    if len(files) == 1:
        return str(files[0]["sha256"])
    lines = sorted((file["name"].encode(), file["sha256"].encode()) for file in files)
    return sha256(b"".join(digest + b"  " + name + b"\n" for name, digest in lines)).hexdigest()


# --- section 12.3 --------------------------------------------------------------------------------------------------------------


def open_(n: Now) -> None:
    registrars = n.body["registrars"]
    if n.by != [n.said["ledger"], *(one["handler"] for one in registrars)]:
        raise Wrong("open.by")
    if all("recovery" in one for one in registrars):
        raise Wrong("open.registrars")
    if n.body["vkeys"][0] != n.state.log_vkey:
        raise Wrong("log", "the log has another key than the one the reader holds")
    for text, kind in zip(n.body["vkeys"], (1, 6), strict=True):
        if vkey(text)[0] != n.said["ledger"]:
            raise Wrong("key.name")
        if vkey(text)[2] != kind:
            raise Wrong("key.kind")
        n.claim(vkey(text)[3])
    for one in registrars:
        n.claim(usable(one["vkey"], one["handler"]))
        n.state.handlers[one["handler"]] = Handler(set(one["roles"]), [(one["vkey"], True)])
    n.state.max_lag = n.body["rules"]["max_lag_s"]


def close(n: Now) -> None:
    n.signers(2)
    for name in n.by:
        n.role(name, "registrar")
    n.state.ended = True


def enrol(n: Now) -> None:
    name, known = n.body["handler"], n.state.handlers.get(n.body["handler"])
    if n.said["subject"] != f"handler:{name}":
        raise Wrong("subject")
    if name == n.said["ledger"]:
        raise Wrong("enrol.name")
    n.signers(3 if "replaces" in n.body else 2)
    if n.by[1] != name:
        raise Wrong("enrol.by")
    n.role(n.by[0], "registrar")
    public = usable(n.body["vkey"], name)
    keys = known.keys if known else []
    if "replaces" in n.body:
        if not keys or keys[-1][0] != n.body["replaces"]:
            raise Wrong("enrol.replaces")
        n.claim(public)
        keys = [*((text, False) for text, _ in keys), (n.body["vkey"], True)]
    elif known is None:
        n.claim(public)
        keys = [(n.body["vkey"], True)]
    elif keys[-1] != (n.body["vkey"], True):
        raise Wrong("enrol.key")
    if "prefix" in n.body and n.state.prefixes.setdefault(n.body["prefix"], name) != name:
        raise Wrong("enrol.prefix")
    end = instant(n.body["valid_to"]) if "valid_to" in n.body else None
    n.state.handlers[name] = Handler(set(n.body["roles"]), keys, instant(n.body["valid_from"]), end)


def rotate(n: Now) -> None:
    if n.said["subject"] == "ledger":
        n.signers(3)
        n.role(n.by[2], "registrar")
        if n.by[:2] != [n.said["ledger"]] * 2 or n.body["old"][0] != n.state.log_vkey or len(n.body["old"]) != 2:
            raise Wrong("rotate.by")
        n.claim(usable(n.body["new"][0], n.said["ledger"]))
        n.claim(vkey(n.body["new"][1])[3])
        n.state.log_vkey = n.body["new"][0]
        return
    name = n.said["subject"].removeprefix("handler:")
    if n.by != [name, name] or len(n.body["old"]) != 1:
        raise Wrong("rotate.by")
    handler = n.state.handlers[name]
    n.claim(usable(n.body["new"][0], name))
    handler.keys = [*((text, False) for text, _ in handler.keys), (n.body["new"][0], True)]


def revoke(n: Now) -> None:
    name = n.said["subject"].removeprefix("handler:")
    n.signers(1)
    if n.by[0] != name:
        n.role(n.by[0], "registrar")
    if name not in n.state.handlers:
        raise Wrong("key.unknown")
    keys, since = n.state.handlers[name].keys, n.body.get("compromised_since")
    place = next((i for i, (text, _) in enumerate(keys) if text == n.body["vkey"]), None)
    if place is None or (not keys[place][1] and since is None):
        raise Wrong("revoke.key")
    if since is not None and (since > n.place or (n.by[0] == name and since < n.state.closed)):
        raise Wrong("revoke.since")
    keys[place] = (n.body["vkey"], False)
    if since is not None:
        key = (name, vkey(n.body["vkey"])[3])
        n.state.unsafe[key] = min(since, n.state.unsafe.get(key, since))
    if "registrar" in n.state.handlers[name].roles:
        leave_a_registrar(n)


def leave_a_registrar(n: Now) -> None:
    if not any("registrar" in h.roles and h.good(n.recorded) for h in n.state.handlers.values()):
        raise Wrong("roster.last")


# --- section 12.4 --------------------------------------------------------------------------------------------------------------


def acquire(n: Now) -> None:
    n.signers(1)
    n.role(n.by[0], "custodian")
    new_item(n, n.body["kind"])


def new_item(n: Now, kind: str) -> None:
    if n.body["number"] in n.state.numbers:
        raise Wrong("item.number")
    n.state.numbers.add(n.body["number"])
    item = Item("held", n.by[0], kind, content(n.body.get("files")))
    see_seal(item, n.body.get("seal"))
    n.state.items[n.said["subject"]] = item


def derive(n: Now) -> None:
    n.signers(1)
    n.role(n.by[0], *HOLDER_ROLES)
    for parent in n.body["parents"]:
        item = n.state.items.get(parent["subject"])
        if item is None:
            raise Wrong("item.unknown")
        asked = (n.said["subject"], n.by[0], parent["entry"])
        if n.state.heads[parent["subject"]].entry != parent["entry"] or item.grant != asked:
            raise Wrong("derive.access")
        if item.content is not None and "sha256" not in parent:
            raise Wrong("derive.sha256")
    first = n.state.items[n.body["parents"][0]["subject"]]
    if first.kind == "digital" and "files" not in n.body:
        raise Wrong("derive.files")
    new_item(n, "digital" if "files" in n.body else first.kind)


def access(n: Now) -> None:
    n.signers(1)
    item = n.item()
    if item.status not in ("held", "offered"):
        raise Wrong(f"item.{item.status}")
    if n.by[0] != item.holder:
        n.role(n.by[0], "examiner")
    item.grant = (n.body["child"], n.by[0], n.cited) if "child" in n.body else None


def look(n: Now, item: Item, here: bool) -> None:
    """`here`: not a release, so what was found is compared."""
    body, found = n.body, content(n.body.get("files"))
    if item.content is not None and not item.sealed and body["content_check"] != "hashed":
        raise Wrong("content.hashed")
    if here and item.content is not None and found is not None:
        if body.get("match") is not (found == item.content):
            raise Wrong("content.match")
        if found != item.content and "exceptions" not in body:
            raise Wrong("content.exception")
    see_seal(item, body.get("seal"))


def see_seal(item: Item, seal: Any) -> None:
    if seal is not None:
        item.sealed = seal["state"] == "intact" or "replaced_by" in seal


def recipient(n: Now, item: Item) -> str:
    name = n.body["to"]["handler"]
    if name not in n.state.handlers:
        raise Wrong("key.unknown")
    if name == item.holder:
        raise Wrong("release.self")
    if not n.state.handlers[name].good(n.recorded) or not n.state.handlers[name].roles & HOLDER_ROLES:
        raise Wrong("release.to")
    return str(name)


def release(n: Now) -> None:
    n.signers(1)
    item = n.held()
    to = recipient(n, item) if "handler" in n.body["to"] else None
    look(n, item, here=False)
    item.status, item.to, item.release = "offered" if to else "outside", to, n.cited


def pending(n: Now, status: str, code: str) -> Item:
    item = n.item()
    if item.status != status:
        raise Wrong(f"{code}.none")
    if item.release != n.body["release"]:
        raise Wrong(f"{code}.other")
    return item


def withdraw(n: Now) -> None:
    n.signers(1)
    item = pending(n, "offered", "offer")
    if n.by[0] != item.holder:
        raise Wrong("withdraw.by")
    settle(item, item.holder)


def decline(n: Now) -> None:
    n.signers(1)
    item = pending(n, "offered", "offer")
    if n.by[0] != item.to:
        raise Wrong("decline.by")
    settle(item, item.holder)


def accept(n: Now) -> None:
    n.signers(1)
    item = pending(n, "offered", "offer")
    if n.by[0] != item.to:
        raise Wrong("accept.by")
    n.role(n.by[0], *HOLDER_ROLES)
    look(n, item, here=True)
    settle(item, n.by[0])


def handover(n: Now) -> None:
    n.signers(2)
    item = n.held()
    if n.by[1] != n.body["to"]["handler"]:
        raise Wrong("handover.by")
    recipient(n, item)
    look(n, item, here=True)
    settle(item, n.by[1])


def acknowledge(n: Now) -> None:
    n.signers(1)
    n.role(n.by[0], "custodian")
    see_seal(pending(n, "outside", "outside"), n.body.get("seal"))


def return_(n: Now) -> None:
    n.signers(1, 2)
    item = pending(n, "outside", "outside")
    if n.by[0] != item.holder and len(n.by) != 2:
        raise Wrong("return.by")
    n.role(n.by[0], *HOLDER_ROLES)
    look(n, item, here=True)
    settle(item, n.by[0])


def reassign(n: Now) -> None:
    n.signers(2)
    n.role(n.by[0], "registrar")
    n.role(n.by[1], *HOLDER_ROLES)
    item = n.item()
    if item.status == "ended":
        raise Wrong("item.ended")
    if n.body["from"] != item.holder or n.by[1] == item.holder:
        raise Wrong("reassign.from")
    if n.state.entries.get(n.body["last_certain"], {}).get("subject") != n.said["subject"]:
        raise Wrong("reassign.last_certain")
    see_seal(item, n.body.get("seal"))
    settle(item, n.by[1])


def settle(item: Item, holder: str) -> None:
    item.status, item.holder, item.to, item.release, item.grant = "held", holder, None, None, None


# --- sections 12.5 to 12.7, as far as custody rests on them --------------------------------------------------------------------


def incident(n: Now) -> None:
    n.signers(1)
    item = n.item()
    if n.by[0] != item.holder:
        n.role(n.by[0], "registrar")
    if item.status == "ended":
        raise Wrong("item.ended")
    if n.body["kind"] == "found":
        if item.status != "missing":
            raise Wrong("incident.found")
        see_seal(item, n.body.get("seal"))
        settle(item, item.holder)
    elif n.body["kind"] in LOST:
        if item.status == "missing":
            raise Wrong("item.missing")
        item.status = "missing"


def store(n: Now) -> None:
    n.signers(1)
    see_seal(n.held(), n.body.get("seal"))


def dispose(n: Now) -> None:
    item = n.item()
    if n.body["manner"] != "entered_in_error" and n.by[0] != item.holder:
        raise Wrong("dispose.by")
    if item.status != "held" and not (item.status == "missing" and n.body["manner"] == "written_off"):
        raise Wrong(f"item.{item.status}")
    item.status = "ended"


def checkpoint(n: Now) -> None:
    if n.by != [n.said["ledger"]]:
        raise Wrong("checkpoint.by")
    values = {}
    for subject, head in n.state.heads.items():
        tag = sha256(f"custody-subject/v1\n{n.said['ledger']}\n{subject}".encode()).digest()
        values[tag] = sha256(b"custody-index/v1\n" + (head.seq + 1).to_bytes(8, "big") + head.record).digest()
    if n.body["index"] != {"subjects": len(values), "root": b64encode(index_root(values)).decode()}:
        raise Wrong("checkpoint.index")
    if (n.body["previous"] is None) != (n.state.closed == 0):
        raise Wrong("checkpoint.previous")
    n.state.closed = n.place + 1


def index_root(values: dict[bytes, bytes], depth: int = 0) -> bytes:
    """Section 10."""
    if len(values) < 2:
        return next((sha256(b"\x02" + tag + value).digest() for tag, value in values.items()), bytes(32))
    sides: tuple[dict[bytes, bytes], dict[bytes, bytes]] = ({}, {})
    for tag, value in values.items():
        sides[tag[depth // 8] >> 7 - depth % 8 & 1][tag] = value
    return sha256(b"\x03" + index_root(sides[0], depth + 1) + index_root(sides[1], depth + 1)).digest()


def signed_by(*roles: str) -> Callable[[Now], None]:
    """For acts of which only the first signer's role is checked here."""
    return lambda n: n.role(n.by[0], *roles)


def attest(n: Now) -> None:
    n.signers(2)
    n.role(n.by[0], "registrar")
    target = n.state.entries.get(n.body["target"])
    if target is None:
        raise Wrong("target")
    if target["subject"] != n.said["subject"]:
        raise Wrong("subject")
    if set(target["by"]) & set(n.by):
        raise Wrong("attest.by")
    n.state.vouchings.append((n.place, n.body["target"], n.by))


RULES: dict[str, Callable[[Now], None]] = {
    "open": open_, "close": close, "enrol": enrol, "rotate": rotate, "revoke": revoke,
    "acquire": acquire, "derive": derive, "access": access, "release": release, "withdraw": withdraw, "decline": decline,
    "accept": accept, "handover": handover, "acknowledge": acknowledge, "return": return_, "reassign": reassign,
    "incident": incident, "store": store, "dispose": dispose, "checkpoint": checkpoint,
    "verify": signed_by("examiner"), "review": signed_by("examiner"), "consent": signed_by("custodian"),
    "hold": signed_by("registrar"), "lift": signed_by("registrar"),
    "erase": signed_by("registrar"), "attest": attest,
    "export": signed_by("custodian", "registrar"),
}  # fmt: skip
