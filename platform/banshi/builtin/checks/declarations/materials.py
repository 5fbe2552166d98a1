"""What is wrong with the documents that materials name: a misspelt one is never offered, and nobody would notice."""

from __future__ import annotations

from collections.abc import Iterator

from banshi.builtin.checks.declarations.fields import Fault, fields_of, of_each_item, types_of
from banshi.builtin.materials import takes
from banshi.builtin.materials.vocabulary import days_of, document_of, known_to
from banshi.foundation.findings import Finding, did_you_mean
from banshi.kernel.contract.values import Department, Document, Item, Material
from banshi.kernel.loading.registry import Registry


@of_each_item
def materials_name_documents(registry: Registry, item: Item) -> Iterator[Fault]:
    """A material's document is known, its field takes files, and what it is about is an answer of the form."""
    department = registry.departments.get(item.department)
    if department is not None and "materials" not in registry.configuration.settings.without:
        for position, material in enumerate(item.materials):
            yield from _faults(item, material, f"materials[{position}]", department)


def documents_last_a_number_of_days(registry: Registry) -> Iterator[Finding]:
    """A department's own documents can be handed in again for some days, or not at all."""
    for department in registry.departments.values():
        owner = registry.owners["department", department.code]
        for document in department.documents:
            if document.reuse_days < 0:
                advice = f"documents.{document.code}.reuse_days is {document.reuse_days}: it has to be at least 0"
                yield Finding(owner, "wrong-number", advice)


def _faults(item: Item, material: Material, at: str, department: Department) -> Iterator[Fault]:
    if not material.document:
        if material.concerns or material.reuse_days is not None:
            yield "unknown-document", f"say in {at}.document which document it is, or remove concerns and reuse_days"
        return
    document = document_of(material, department)
    if document is None:
        yield "unknown-document", f"mend {at}.document: {_advice(material.document, department)}"
        return
    days = material.reuse_days
    if days is not None and not 0 <= days <= document.reuse_days:
        may = f"{material.document} may be handed in again for {document.reuse_days} at most"
        yield "wrong-number", f"{at}.reuse_days is {days}: {may}"
    if material.field:
        yield from _field_faults(item, material, at, document)


def _field_faults(item: Item, material: Material, at: str, document: Document) -> Iterator[Fault]:
    """What is wrong with a field that takes the document, and with what says what it is about."""
    name, about = material.document, material.concerns
    if takes(item, material) == (0, 0):
        yield "no-file-field", f"remove {at}.document: the form's field {material.field!r} takes no file"
    nodes = fields_of(item, about)
    if about and not nodes:
        yield "unknown-field", f"mend {at}.concerns: the form has no field {about!r}"
    elif about and not any("string" in types_of(node) for node in nodes):
        yield "no-subject", f"mend {at}.concerns: the answer at {about} is no text"
    if document.concerns is None and about:
        yield "no-subject", f"remove {at}.concerns: {name} is about the person alone"
    if document.concerns is not None and not about and days_of(material, document) > 0:
        advice = f"add {at}.concerns, the pointer to the answer with the {document.concerns['en']}, or reuse_days = 0"
        yield "no-subject", f"{advice}: another one's {name} would be offered otherwise"


def _advice(name: str, department: Department) -> str:
    """What to do about a document that is not known."""
    owner, slash, _ = name.partition("/")
    if slash and owner != department.code:
        return (
            f"{name!r} is another department's, which may go; declare it as [[documents]], or ask for it in the"
            " platform's vocabulary.toml"
        )
    return f"there is no {name!r}: {did_you_mean(name, sorted(known_to(department)))} (or add it as [[documents]])"
