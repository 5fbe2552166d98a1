"""What is wrong with the documents that materials name: a misspelt one is never offered, and nobody would notice."""

from __future__ import annotations

from collections.abc import Iterator

from banshi.checks.fields import fields_at, types_of
from banshi.contract import Department, Item, Material
from banshi.errors import Finding
from banshi.modules import did_you_mean
from banshi.registry import Registry
from banshi.reuse import takes
from banshi.vocabulary import days_of, document_of, known_to


def materials_name_documents(registry: Registry) -> Iterator[Finding]:
    """A material's document is known, its field takes files, and what it is about is an answer of the form."""
    for item in registry.items.unchecked():
        department = registry.departments.get(item.department)
        if department is None:
            continue
        for position, material in enumerate(item.materials):
            for rule, advice in _faults(item, material, department):
                yield Finding(item.plugin, rule, f"items.{item.code}: {advice.format(at=f'materials[{position}]')}")


def documents_last_a_number_of_days(registry: Registry) -> Iterator[Finding]:
    """A department's own documents can be handed in again for some days, or not at all."""
    for department in registry.departments.values():
        owner = registry.owners["department", department.code]
        for document in department.documents:
            if document.reuse_days < 0:
                advice = f"documents.{document.code}.reuse_days is {document.reuse_days}: it has to be at least 0"
                yield Finding(owner, "wrong-number", advice)


def _faults(item: Item, material: Material, department: Department) -> Iterator[tuple[str, str]]:
    if not material.document:
        if material.concerns or material.reuse_days is not None:
            yield "unknown-document", "say in {at}.document which document it is, or remove concerns and reuse_days"
        return
    document = document_of(material, department)
    if document is None:
        yield "unknown-document", _advice(material.document, department)
        return
    yield from _days(material, document.reuse_days)
    if not material.field:
        return
    if takes(item, material) == (0, 0):
        yield "no-file-field", f"remove {{at}}.document: the form's field {material.field!r} takes no file"
    nodes = fields_at(item.form.schema, material.concerns) if item.form and material.concerns else []
    if material.concerns and not nodes:
        yield "unknown-field", f"mend {{at}}.concerns: the form has no field {material.concerns!r}"
    elif material.concerns and not any("string" in types_of(node) for node in nodes):
        yield "no-subject", f"mend {{at}}.concerns: the answer at {material.concerns} is no text"
    if document.concerns is None and material.concerns:
        yield "no-subject", f"remove {{at}}.concerns: {material.document} is about the person alone"
    if document.concerns is not None and not material.concerns and days_of(material, document) > 0:
        about = document.concerns["en"]
        advice = f"add {{at}}.concerns, the pointer to the answer with the {about}, or reuse_days = 0"
        yield "no-subject", f"{advice}: another one's {material.document} would be offered otherwise"


def _days(material: Material, longest: int) -> Iterator[tuple[str, str]]:
    days = material.reuse_days
    if days is not None and not 0 <= days <= longest:
        yield (
            "wrong-number",
            f"{{at}}.reuse_days is {days}: {material.document} may be handed in again for {longest} at most",
        )


def _advice(name: str, department: Department) -> str:
    owner, slash, _ = name.partition("/")
    if slash and owner != department.code:
        return (
            f"{{at}}.document is {name!r}: name {department.code}'s own documents or the platform's, so that no"
            " department is missed by another; declare it as [[documents]], or ask for it in vocabulary.toml"
        )
    near = did_you_mean(name, sorted(known_to(department)))
    return f"{{at}}.document is {name!r}: {near} (or add it as [[documents]])"
