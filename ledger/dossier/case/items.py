"""What is in custody: items, their files, and where they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ledger.dossier.case.graph import Fields, Graph, Ref, literal
from ledger.dossier.exhibits import Line

HASHES = {
    "md5": "MD5", "sha1": "SHA1", "sha224": "SHA224", "sha384": "SHA384", "sha512": "SHA512", "sha3-224": "SHA3-224", "sha3-256": "SHA3-256",
    "sha3-384": "SHA3-384", "sha3-512": "SHA3-512",
}  # fmt: skip
"""Digests beside SHA-256 by their names in an entry → in UCO's vocabulary. What it does not know stands in the act alone."""


class Items:
    """Items by subject. One that the dossier only mentions is a node with its subject and no more."""

    def __init__(self, graph: Graph, lines: Iterable[Line]) -> None:
        self._graph, self._lines = graph, tuple(lines)
        self._files: dict[str, dict[tuple[str, str | None], Ref]] = {}

    def describe(self, subject: str, number: str, fields: Fields | None) -> Ref:
        """The item as it came into custody; `fields` None: by an entry that is not shown."""
        files = _listed(fields or {})
        sole = files[0] if len(files) == 1 and (fields or {}).get("kind", "digital") == "digital" else None
        unknown = "the entry by which it came into custody is not shown"
        said = [unknown] if fields is None else [text for text in (fields.get("description"), _manifest(fields)) if text is not None]
        facets = [*self._device(subject, (fields or {}).get("device", {})), *([] if sole is None else self._facets((subject,), sole))]
        item = self._graph.add(
            ("item", subject), _type(fields or {}, sole), core_name=number, core_description=said, core_hasFacet=facets,
            core_externalReference=self._subject(subject),
        )  # fmt: skip
        if sole is not None:
            self._files[subject] = {(sole["sha256"], sole["name"]): item}
        for file in (*files, *self._shown(fields or {})) if sole is None else ():
            self._graph.relate(self.file(subject, file), "Contained_Within", item)
        return item

    def item(self, subject: str) -> Ref:
        said = "named by an entry of this dossier, not shown in it"
        return self._graph.add(
            ("item", subject), "core:Item", core_description=said, core_externalReference=self._subject(subject)
        )  # fmt: skip

    def file(self, subject: str, file: Fields) -> Ref:
        """A file that an entry on the subject names; without a name, the first of these bytes."""
        known, digest, name = self._files.setdefault(subject, {}), file["sha256"], file.get("name")
        found = known.get((digest, name)) or next((ref for (one, _), ref in known.items() if name is None and one == digest), None)
        if found is None:
            key = (subject, digest, name)
            found = known[digest, name] = self._graph.add(("file", *key), "observable:File", core_hasFacet=self._facets(key, file))
        return found

    def files(self, subject: str) -> list[Ref]:
        """Those that were spoken of so far."""
        return list(self._files.get(subject, {}).values())

    def location(self, place: Fields) -> Ref:
        """A place in words, as a point, or both."""
        point = {name: literal("decimal", place[name]) for name in ("latitude", "longitude") if name in place}
        about = [text for text in (place.get("text"), _precision(place)) if text is not None]
        facet = None
        if point:
            facet = self._graph.add(
                ("coordinates", place), "location:LatLongCoordinatesFacet", **{f"location_{name}": at for name, at in point.items()}
            )
        return self._graph.add(("location", place), "location:Location", core_description=about, core_hasFacet=facet)

    def _shown(self, fields: Fields) -> list[Fields]:
        """Those of its manifest that the dossier shows alone."""
        root = files["root"] if isinstance(files := fields.get("files"), dict) else None
        return [{"name": one.file.path, "size": one.file.size, "sha256": one.file.sha256} for one in self._lines if one.root == root]

    def _subject(self, subject: str) -> Ref:
        return self._graph.reference(("item", subject), subject, f"item of the custody ledger {self._graph.origin}")

    def _device(self, subject: str, device: Fields) -> list[Ref]:
        if not device:
            return []
        make = device.get("make")
        maker = None if make is None else self._graph.add(("organisation", make), "identity:Organization", core_name=make)
        facet = self._graph.add(
            ("device", subject), "observable:DeviceFacet", observable_manufacturer=maker, observable_model=device.get("model"),
            observable_serialNumber=device.get("serial"),
        )  # fmt: skip
        if "imei" not in device:
            return [facet]
        return [facet, self._graph.add(("mobile", subject), "observable:MobileDeviceFacet", observable_IMEI=device["imei"])]

    def _facets(self, key: tuple[str | None, ...], file: Fields) -> list[Ref]:
        """What is known of a file: an input of a finding has no size, and need not have a name."""
        size = literal("integer", str(file["size"])) if "size" in file else None
        digests = {"SHA256": file["sha256"], **_others(file)}
        hashes = [self._hash(key, method, value) for method, value in digests.items()]
        name = self._graph.add(
            ("name", *key), "observable:FileFacet", observable_fileName=file.get("name"), observable_sizeInBytes=size
        )  # fmt: skip
        content = self._graph.add(
            ("content", *key), "observable:ContentDataFacet", observable_hash=hashes, observable_sizeInBytes=size,
            observable_mimeType=file.get("media_type"),
        )  # fmt: skip
        return [name, content]

    def _hash(self, key: tuple[str | None, ...], method: str, value: str) -> Ref:
        return self._graph.add(
            ("hash", *key, method), "types:Hash", types_hashMethod=method, types_hashValue=literal("hexBinary", value)
        )  # fmt: skip


def files_in(value: Any) -> Iterator[Fields]:
    """Every `File` in plain values, however deep. Digests by name are text, and no size."""
    if isinstance(value, dict):
        if isinstance(value.get("size"), int) and "sha256" in value:
            yield value
        else:
            for part in value.values():
                yield from files_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from files_in(part)


def _listed(fields: Fields) -> list[Fields]:
    files = fields.get("files", [])
    return files if isinstance(files, list) else []


def _manifest(fields: Fields) -> str | None:
    files = fields.get("files", [])
    if isinstance(files, list):
        return None
    return f"{files['files']} files of {files['bytes']} bytes in all, by a manifest with the RFC 6962 root {files['root']}"


def _type(fields: Fields, sole: Fields | None) -> str:
    if sole is not None:
        return "observable:File"
    if "device" in fields:
        return "observable:Device"
    digital = fields.get("kind") == "digital" or ("kind" not in fields and "files" in fields)
    return "observable:ObservableObject" if digital else "core:Item"


def _others(file: Fields) -> dict[str, str]:
    return {HASHES[name]: value for name, value in file.get("digests", {}).items() if name in HASHES}


def _precision(place: Fields) -> str | None:
    return f"within {place['precision_m']} m" if "precision_m" in place else None
