"""The registry holds each plugin to the contract, names the culprit, and tells everything at once.

`broken/` has a plugin for everything that can be wrong; `EXPECTED` is what is found, as the author reads it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from banshi import Finding
from banshi.app import configure, inspected
from banshi.builtin.checks.declarations.kinds import table_faults
from banshi.foundation.findings import ConfigurationError
from banshi.kernel.loading.configuration import inspect_configuration, read_configuration
from banshi.kernel.loading.registry import Registry
from banshi.kinds.application.steps import TABLE, TWO_PERSON_TABLE
from tests.places import ROOT

BROKEN = ROOT / "tests" / "contract" / "broken"

#: Plugin → each finding's rule, and what its advice has to name.
EXPECTED: dict[str, list[str]] = {
    # The file itself, and its entries.
    "platform": [
        "unknown-table: plugins.toml: remove [plugin]; the tables are [platform] and [plugins.NAME]",
        "wrong-setting: plugins.toml: platform.datta is not a known key",
    ],
    "typo": ["wrong-entry: plugins.toml: plugins.typo.paht is not a known key; did you mean 'path'?"],
    "both": ['wrong-entry: either path = "…" or package = "…"'],
    "future": [
        (
            "wrong-api: plugins.future.api is 2; this kernel speaks 1: upgrade the platform, or install an older "
            "version of the"
        )
    ],
    "unversioned": [
        (
            "wrong-entry: plugins.unversioned.api is missing: write api = 1, the version of the contract that "
            "the plugin is"
        )
    ],
    "quoted": ["wrong-entry: plugins.quoted.api input should be a valid integer: write api = 1, the version"],
    "Capital": ["bad-name: rename [plugins.Capital]: use a-z, 0-9 and single hyphens or underscores"],
    "banshi": ["bad-name: rename [plugins.banshi]"],
    "hook-failures": ["bad-name: rename [plugins.hook-failures]: another plugin's name differs from it by"],
    "flat": ["wrong-entry: plugins.flat.settings has to be a table"],
    "application": ["reserved-name: rename [plugins.application]: the kernel has a plugin of that name itself"],
    "missing": ["no-folder: {broken}/plugins.toml: mend plugins.missing.path: there is no folder {broken}/nowhere"],
    "absent": ["no-package: mend plugins.absent.package, or install no_such_distribution"],
    "inside": ["no-package: mend plugins.inside.package, or install no_such_city.parks"],
    "distribution": ["wrong-entry: package is 'banshi-parks': name the package as Python imports it, banshi_parks"],
    "relative": ["wrong-entry: package is '../parks': name the package as Python imports it, such as city_parks"],
    "single": ["no-package: mend plugins.single.package: bisect is a single module; a plugin is a package, a folder"],
    "empty": ["empty-plugin: it hands over nothing: write a hook in its __init__.py, or an items.toml in "],
    "bare": ["empty-plugin: if json has them at home, build its wheel with its data files"],
    # Imports; the items of a plugin that can't be imported are read all the same.
    "raises": [
        "import-failed: RuntimeError: the register is away ({broken}/raises/__init__.py:3)",
        "bad-slug: raises/items.toml: department.code is 'Raises': use a-z, 0-9 and single hyphens",
    ],
    "exits": ["import-failed: SystemExit: no licence ({broken}/exits/__init__.py:5)"],
    # Hooks.
    "hooks": [
        "unknown-hook: hooks/__init__.py:10: there is no hook banshi_handler: did you mean 'banshi_handlers'?",
        "unknown-hook: there is no hook bansi_routes: did you mean 'banshi_routes'?",
        (
            "async-hook: hooks/__init__.py:20: write `def banshi_channels`, not `async def`: only what it "
            "returns may be async"
        ),
        "unmarked-hook: hooks/__init__.py:25: put @hookimpl above banshi_checks: without it, it is never called",
        "hook-arguments: remove settings from banshi_commands",
    ],
    "types": [
        "wrong-type: banshi_settings has to return a dataclass, not int",
        "wrong-type: banshi_kinds has to return a list of Kind, not NoneType",
        "wrong-type: banshi_handlers has to return a mapping from item code to handler, not list",
        "wrong-type: banshi_channels has to return a list of Channel, not str",
        "wrong-type: banshi_routes has to return Route values, not dict",
        "wrong-type: banshi_resources has to return Resource values, not int",
        "wrong-type: banshi_tables has to return a Tables value, not dict",
        "wrong-type: banshi_commands has to return Command values, not builtin_function_or_method",
        "wrong-type: banshi_checks has to return Finding values, not str",
    ],
    "hook_failures": [
        (
            "hook-failed: banshi_handlers raises: ZeroDivisionError: division by zero "
            "({broken}/hook_failures/__init__.py:13)"
        ),
        "hook-failed: banshi_routes raises: SystemExit: 3",
        "hook-failed: banshi_checks raises: KeyError: 'fcm'",
    ],
    # Settings: file, key, reason; and no hook is called with settings that are wrong.
    "settings": [
        "wrong-setting: plugins.toml: plugins.settings.settings.key needs the environment variable BANSHI_NO_SUCH",
        "wrong-setting: plugins.settings.settings.office is missing",
        "wrong-setting: plugins.settings.settings.days input should be a valid integer",
        "wrong-setting: plugins.settings.settings.dayz is not a known key",
    ],
    "untyped": [
        (
            "wrong-settings-type: mend Settings, which types plugins.untyped.settings (a frozen dataclass): "
            "PydanticSchemaGenerationError"
        )
    ],
    "unset": ["wrong-setting: {broken}/plugins.toml: remove plugins.unset.settings.days: the plugin has no settings"],
    # Items.
    # The items that are declared but wrong are not called unknown, too.
    "items": [
        "unknown-table: items/items.toml: remove [settings]; the tables are department, documents, items, units",
        "missing-translation: units[1].title has no text in en: add it",
        "bad-slug: units[2].code is 'Front Desk'",
        "duplicate-unit: rename one of the units 'office'",
        "wrong-value: department.website is not a known key",
        "wrong-schema: items.half-a-from.form: #/properties/plate/type",
        "missing-translation: items.half-a-from.summary has no text in zh-CN",
        "missing-translation: items.half-a-from.summary has no text in en",
        "unknown-language: items.half-a-from.keywords.zh: the languages are zh-CN, en",
        (
            "unknown-unit: items/items.toml: items.half-a-from.unit is 'offices'; declare it as [[units]] or "
            "name a declared one"
        ),
        "wrong-value: items.wrong-value.handler is not a known key",
        "wrong-schema: items.wrong-value.form (nowhere.json): there is no such file",
        "wrong-value: items.wrong-value.application.second_persons is not a known key",
        "wrong-value: items.wrong-value.title is missing",
        "wrong-value: items.wrong-value.audience.0 input should be 'person' or 'organisation'",
        "wrong-value: items.wrong-value.visits input should be a valid integer, unable to parse string as an integer",
        "wrong-value: items/items.toml: items.wrong-value.titel is not a known key; did you mean 'title'?",
        "missing-translation: items.Bad-Slug.conditions[1] has no text in en",
        "bad-slug: items.Bad-Slug.code is 'Bad-Slug'",
        "unknown-kind: items.unknown-kind.kind is 'aplication'; write one of appeal, application, appointment, ",
        "unknown-item: banshi_handlers names the item 'half-a-form', which items.toml does not: did you mean",
    ],
    "numbers": [
        "missing-translation: numbers/items.toml: department.title has no text in en",
        "no-form: items.numbers: declare `form`",
        "no-credential: items.numbers: add [items.credential] with the claims, since its result is a pass",
        "unknown-field: items.numbers: mend materials[0].field: the form has no field '/photo'",
        "wrong-number: version is 0: it has to be at least 1",
        "wrong-number: visits is -1",
        "wrong-number: fee.amount is -100: it has to be at least 0, in fen",
        "late-promise: items.numbers: promised_days is 10: the law allows 5, so promise that or less",
    ],
    "permits": [
        'permit-or-not: elements.item_type is "confirmation" and application.permit is true: mend one of them',
        'permit-or-not: items.not-said: say application.permit = true, since elements.item_type is "permit"',
        "no-remedy: items.no-remedy: add [department.remedy] with reconsideration and court, or [items.remedy]",
        "wrong-code: items.no-remedy: mend elements.basic_code, which is '12-34': digits and capital letters",
        "wrong-number: items.untold: remedy.days is 0: it has to be 1 to 365",
        "wrong-number: items.untold: remedy.months is 400: it has to be 1 to 365",
        "untold-remedy: items.untold: mention {remedy} in messages.refuse.body.en",
        "law-of-its-own: items.unsaid: add remedy, as 出境入境管理法 has another than most laws",
        "no-basis: items.by-which-law: add remedy.basis, the law by which its decisions are final",
        "untold-remedy: items.by-which-law: mention {remedy} in messages.approve.body.en",
        "wrong-value: items.wrong-words.legal_days_unit input should be 'working-day' or 'calendar-day'",
        "wrong-value: items.wrong-words.remedy.kind input should be 'ordinary', 'final' or 'none'",
        "wrong-value: items.wrong-words.elements.item_type input should be 'permit', 'confirmation'",
    ],
    "documents": [
        "duplicate-document: documents/items.toml: rename one of the documents 'paper'",
        "bad-slug: documents[2].code is 'Big Paper': use a-z, 0-9 and single hyphens",
        "missing-translation: documents[1].title has no text in en: add it",
        "wrong-value: department.documents is not a known key; write [[documents]]",
        "wrong-number: documents.paper.reuse_days is -1: it has to be at least 0",
        "unknown-document: materials[0].document: there is no 'identity-documnt': did you mean 'identity-document'?",
        "unknown-document: materials[1].document: 'numbers/paper' is another department's, which may go; declare it",
        "unknown-document: say in materials[2].document which document it is, or remove concerns and reuse_days",
        "no-subject: add materials[3].concerns, the pointer to the answer with the holder, or reuse_days = 0",
        "unknown-field: mend materials[4].concerns: the form has no field '/nam'",
        "no-subject: mend materials[5].concerns: the answer at /count is no text",
        "no-subject: remove materials[6].concerns: documents/paper is about the person alone",
        "wrong-number: materials[7].reuse_days is 9999: identity-document may be handed in again for 730 at most",
        "no-file-field: remove materials[8].document: the form's field '/name' takes no file",
    ],
    "owners": [
        "unknown-field: items.owner-misspelt: mend owner.field: the form has no field '/numbr'",
        "unknown-field: items.owner-misspelt: mend owner.unless: the form has no field '/fle'",
        'not-a-number: items.owner-by-name: give the field /name "format": "cn-resident-id"',
        "no-file-field: items.owner-by-name: name a field that takes a file in owner.unless",
        "not-a-number: items.owner-left-out: let the form require /other",
        "wrong-value: items.owner-by-word.owner",
        "unused-owner: items.owner-of-a-tip: remove owner: a case of this appeal doesn't begin where owners are",
        "asks-who: items.owner-of-a-tip",
    ],
    "unreadable": ["unreadable: unreadable/items.toml: Expected ']' at the end of a table declaration (at line 1"],
    "nobody": [
        "no-department: nobody/items.toml: add a [department] table with code and title",
        "wrong-schema: items.nobody-item.form (../good/form.json): has to be a file inside the plugin's folder",
    ],
    "again": [
        "duplicate-department: rename the department 'good': good has one of that name already",
        "duplicate-item: rename the item 'good-item': good has one of that name already",
    ],
    "passes": [
        "unknown-field: mend materials[0].field: the form has no field '/photos/0'",
        "unknown-field: items.bad-pass: mend credential.claims.holder.source: the form has no field '/person/nme'",
        "claim-type: let the handler's claims() give person",
        'not-a-date: give the field /from "format": "date": credential.valid_from reads a day from it',
        "unknown-field: mend credential.valid_until: the form has no field '/until'",
        "duplicate-claim: rename one of the claims 'holder'",
        "empty-claim: add credential.claims.class.source, or a handler whose claims() gives 'class'",
        "hidden-attachment: move the x-attachment at #/$defs/photo of the form",
        "wrong-number: credential.longest_days has to be at least 1",
    ],
    "certificates": [
        "no-certificate: items.no-page: add [items.certificate] with the body of the page",
        "dynamic-certificate: items.bad-page: remove credential.dynamic: a certificate is printed",
        "unused-certificate: items.needless-page: remove [items.certificate], or say result =",
        "unknown-placeholder: take {valid_until} out of messages.approve.body.zh-CN: the item gives no pass",
        (
            "unknown-placeholder: take {certified_until} out of messages.approve.body.zh-CN: the item gives no "
            "certificate"
        ),
        "duplicate-claim: rename the claim 'number' of items.bad-page: every certificate has something of that name",
        (
            "unknown-placeholder: mend items.bad-page.certificate.body.zh-CN: it can't mention {nmae} here, only "
            "{bench}, {date}"
        ),
        "bad-template: mend items.bad-page.certificate.body.en: braces hold a name and nothing else",
        "bad-template: write items.bad-page.certificate.title.en in one line of at most 100 characters",
        "untold-option: add items.bad-page.credential.claims.use.values.job: the certificate says it in words",
        "untold-option: add items.bad-page.credential.claims.use.values.visa",
        (
            "untold-option: add items.bad-page.credential.claims.bench.values with a text for each entry of "
            "/v1/departments"
        ),
        "unknown-option: remove items.bad-page.credential.claims.use.values.jub: the form has no such option",
        "endless-claim: give /note in the form of items.bad-page a maxLength: a QR code has to hold it",
        "certificate-too-long: the QR code could need 1906 bytes, and holds 1320",
    ],
    # Behaviour.
    "handlers": [
        "wrong-type: banshi_handlers['class'] has to return an instance of a subclass of Application, not type",
        "wrong-schema: items.model: Model.form",
        "unknown-item: names the item 'mispelt', which items.toml does not: did you mean 'misspelt'?",
        "unknown-item: names the item 'zone-pass', which items.toml does not: there are: arguments, class,",
        "not-async: write `async def` for deliver of channel post",
        "not-async: write `async def` for deliver of channel post",
        "duplicate-channel: rename the channel 'post'",
        "not-async: items.sync: write `async def review` in Sync: it is awaited",
        (
            "handler-arguments: items.arguments: write `async def claims(self, submission)` in Arguments: that "
            "is how it is called"
        ),
        "misspelt-method: items.misspelt: rename Misspelt.reveiw, which is never called: did you mean 'review'?",
    ],
    "routes": [
        "duplicate-route: change GET /v1/items/{number}: banshi.catalogue has registered it already",
        "duplicate-route: change operation 'show_item': banshi.catalogue has registered it already",
        "incomplete-route: get /v1/a: method is one of GET, POST",
        "incomplete-route: get /v1/a: audience is an Audience, such as Audience.CITIZEN, not 'citizen'",
        "incomplete-route: get /v1/a: write `async def` for its handler",
        "incomplete-route: get /v1/a: operation is a name such as list_zones",
        "incomplete-route: GET v1/b/{id:[0-9]+}: path begins with / and names its parameters as {name}",
        "incomplete-route: say in summary, or first in its docstring, what it does, and in tag where it belongs",
        "incomplete-route: describe in answers what comes back when all is well",
        "incomplete-route: describe answers[404]",
        "incomplete-route: GET /v1/cc: mend answers[200].schema: there is no schema 'Thing'",
        "incomplete-route: GET /v1/cc: describe the parameter q",
        "incomplete-route: GET /v1/cc: mend the schema of q",
        "incomplete-route: GET /v1/cc: mend the default of rows, which its own schema does not take: '20'",
        "incomplete-route: GET /v1/cc: remove path_schemas['id']: the path has no such parameter",
        "incomplete-route: GET /v1/cc: take one body (body, raw_body or per_item), and none with GET",
        "incomplete-route: GET /v1/ddd: give each field of the route a value of its type",
        "incomplete-route: POST /v1/eeee: put {code} into the path",
        "dead-link: GET /v1/ff/{id}: answers[200], the link to 'show_case': there is another one",
        "dead-link: the link to 'show_cases': there is no such operation",
        "dead-link: the link to 'submit': each item has an operation of its own there",
        "dead-link: the link to 'list_scans': it has no parameter 'case'; it has cursor, id, limit",
        "dead-link: the link to 'list_scans': give its path's 'id'",
        "dead-link: the link to 'show_pass_svg': id: there is nothing at /items/0/nummer in the response's schema",
        "dead-link: the link to 'show_pass_png': id: there is no query parameter 'id'",
        "dead-link: the link to 'show_pass_txt': id: the path has no parameter 'case'",
        "dead-link: the link to 'show_certificate': id is taken by an expression such as $response.body#/id",
        "dead-link: the link to 'verify_certificate': its body has no member 'txt'",
        "dead-link: GET /v1/ggggg: give each link a value of its type, and links a list",
    ],
    "tables": [
        "no-migration: write the first migration of banshi_plugins.tables.models",
        "duplicate-table: rename the table 'banshi_case' of Case: banshi has one of that name",
    ],
    "kinds": [
        "kind-failed: mend the kind unreadable",
        "bad-slug: rename the kind 'form'",
        "duplicate-kind: rename the kind 'application': application has one of that name already",
        "guide-only: leaky-item: shown as a guide only",
        "guide-only: raising-item: shown as a guide only",
        "state-table: kind leaky: add a step that leads to 'dreaming', or remove those that leave it",
        "state-table: add a step that leads on from 'waiting': a case can never end from there",
        "state-table: end the clock in the steps to 'done'",
        "state-table: mend the message of 'start' in 'submitted': its title has no text in zh-CN",
        "state-table: mend title.en: it can't mention {name} here, only {date}, {department}, {item}, {number},",
        "state-table: mend the message of 'start' in 'submitted': its body has no text in zh-CN",
        "state-table: mend the message of 'start' in 'submitted': its body has no text in en",
        "state-table: remove one of the two steps 'start' in 'submitted': only the first is ever taken",
        "state-table: mend title.zh-CN: single '{' encountered in format string in '{': write {name} to",
        "state-table: rename 'Drop it' in 'submitted': an action is a-z and hyphens",
        "state-table: say who may take 'Drop it' in 'submitted'",
        "state-table: mend other_than of 'finish' in 'working': there is no action 'begin'",
        "kind-failed: mend what steps of the kind raising raises: LookupError: no steps",
        "wordless-state-table: kind leaky: say in states what people read for 'done'",
        "wordless-state-table: kind leaky: say in states what people read for 'dreaming'",
        "wordless-state-table: kind leaky: say in states what people read for 'submitted'",
        "wordless-state-table: kind leaky: say in states what people read for 'waiting'",
        "wordless-state-table: kind leaky: say in states what people read for 'working'",
        "wordless-state-table: kind leaky: say in actions what people read for 'Drop it'",
        "wordless-state-table: kind leaky: say in actions what people read for 'finish'",
        "wordless-state-table: kind leaky: say in actions what people read for 'start'",
        "wordless-state-table: kind leaky: say in actions what people read for 'wait'",
        "wordless-state-table: kind leaky: say in actions what people read for 'wake'",
    ],
    "registers": [
        'open-form: items.keys: add "additionalProperties": false to the form',
        "wrong-number: items.keys: query.per_hour has to be at least 1",
        "wrong-number: items.keys: query.staff_per_hour has to be at least 1",
        "unknown-table: registers/registers.toml: remove [settings]; the only tables are [[registers]]",
        "missing-translation: registers/registers.toml: registers.Bad Register.title has no text in en: add it",
        "missing-translation: registers.Bad Register.columns[2].values.a has no text in en: add it",
        "bad-slug: registers.Bad Register: code is 'Bad Register': use a-z, 0-9 and single hyphens",
        "duplicate-column: registers.Bad Register: rename one of the columns 'plate'",
        "unknown-column: registers.Bad Register: keys names the column 'plat': did you mean 'plate'?",
        "wrong-value: registers.Bad Register: columns.plate: format 'cn-plat': did you mean 'cn-plate'?",
        "wrong-value: registers.Bad Register: columns.plate: remove required = false: a key is in every record",
        "bad-slug: registers.Bad Register: columns.Holder: use a-z, 0-9 and single underscores for its name",
        'wrong-value: registers.Bad Register: columns.Holder: format and values are for type = "text"',
        'wrong-value: registers.Bad Register: columns.holder: say format = "cn-resident-id"',
        "wrong-value: registers.keyless: keys has to name a column",
        "wrong-value: registers.keyless: let at least one column be shown",
        "wrong-value: registers.mistyped.keys is missing",
        "wrong-value: registers.mistyped.columns.0.type input should be 'text', 'integer'",
        "wrong-value: registers.mistyped.key is not a known key",
        "duplicate-register: rename the register 'cases': query has one of that name already",
        "unknown-register: items.misspelt-register: query.register is 'plate', which registers.toml has not: did you",
        "unknown-key: items.keys: let the form require 'plate': the register plates is asked by it",
        "unknown-key: items.keys: take 'colour' out of the form: the register plates is asked by plate",
        "no-owner: items.ownerless: name the owner of the register plates, or say query.personal = false",
        "open-register: items.opened: remove query.personal = false: the register owners has records about persons",
    ],
    # What is said beside the items of a search.
    "advice": [
        "unknown-table: advice/advice.toml: remove [hotlines]; the tables are [[elsewhere]] and [[help]]",
        "bad-slug: elsewhere.Bad Code.code is 'Bad Code': use a-z, 0-9 and single hyphens",
        "missing-translation: elsewhere.Bad Code.title has no text in en: add it",
        "unknown-language: elsewhere.Bad Code.words.fr: there are: zh-CN, en",
        "missing-translation: elsewhere.Bad Code.words has no words in en: nobody would find it",
        "wrong-value: elsewhere.Bad Code.words: '！' has neither a letter nor a number",
        "wrong-value: elsewhere.Bad Code: 'call me' can't be dialled: digits, and hyphens between them",
        "wrong-value: elsewhere.Bad Code.link has to begin with https://",
        "wrong-value: elsewhere.mistyped.title is missing",
        "wrong-value: elsewhere.mistyped.words is missing",
        "wrong-value: elsewhere.mistyped.who is missing",
        "wrong-value: elsewhere.mistyped.titel is not a known key",
        "wrong-value: help.stepless.steps: say what to do, in one step at least",
        "wrong-value: help.stepless: 'one one nought' can't be dialled",
        "duplicate-code: rename help.stepless: another one has that code already",
        "wrong-value: help.grouped.group input should be 'urgent' or 'channel'",
    ],
    # What citizens are told: each names the file, the item, the action and the language.
    "messages": [
        "missing-translation: messages/items.toml: items.mistaken.messages.revoke.title has no text in en: add it",
        "missing-translation: messages/items.toml: items.mistaken.messages.revoke.body has no text in en: add it",
        "wrong-value: items.miskeyed.messages.approve.titel is not a known key",
        "wrong-value: items.miskeyed.messages.refuse has to be a table",
        "unknown-placeholder: items.mistaken: take {valid_until} out of messages.approve.body.zh-CN",
        "unknown-placeholder: items.mistaken: take {valid_from} out of messages.approve.body.en: the item gives no",
        "unknown-action: messages/items.toml: rename or remove items.mistaken.messages.aprove: no action of that",
        "unknown-action: items.mistaken.messages.withdraw: no action of that name tells the citizen something;",
        "unknown-action: there are: accept, approve, cancel, refuse, resume, return, revoke, suspend, take-back",
        "unknown-action: items.silent.messages.answer: no action of that name tells the citizen something; the kind",
        "empty-message: messages/items.toml: give items.mistaken.messages.suspend a title or a body, or remove it",
        "bad-template: messages/items.toml: mend items.mistaken.messages.accept.title.zh-CN: braces hold a name and",
        "bad-template: messages.accept.title.en: braces hold a name and nothing else in '{item[0]}': write {name}",
        "bad-template: messages.accept.body.zh-CN: braces hold a name and nothing else in '{item!r}'",
        "bad-template: messages.accept.body.en: braces hold a name and nothing else in '{item:>9}'",
        "bad-template: messages.return.title.zh-CN: braces hold a name and nothing else in '{0}'",
        "bad-template: messages.return.title.en: braces hold a name and nothing else in '{}'",
        "bad-template: messages.return.body.zh-CN: expected '}' before end of string in '请补正：{reason'",
        "bad-template: messages.return.body.en: single '}' encountered in format string in 'Correct it}",
        "unknown-placeholder: mend items.mistaken.messages.refuse.title.zh-CN: it can't mention {person} here, only",
        "unknown-placeholder: messages.refuse.title.en: it can't mention {reason} here, only {date}, {department},",
        "unknown-placeholder: messages.refuse.body.zh-CN: it can't mention {valid_until} here, only {date},",
        "unknown-placeholder: messages.refuse.body.en: it can't mention {deadline} here, only {date},",
        "unknown-language: remove items.mistaken.messages.revoke.body.fr: the languages are zh-CN, en",
        "bad-template: write items.mistaken.messages.resume.title.zh-CN in one line: it is a title",
        "message-too-long: shorten items.mistaken.messages.resume.title.en: it gets up to 115 characters, and 100",
        "empty-message: add a line to items.mistaken.messages.resume.body.zh-CN that needs none of {deadline},",
        "empty-message: add a line to items.mistaken.messages.resume.body.en that needs none of {deadline}, {phone},",
        "untold-reason: mention {reason} in items.reticent.messages.refuse.body.en: the citizen has to learn why",
        "message-too-long: shorten items.reticent.messages.revoke.body.zh-CN: it gets up to 5000 characters, and 4000",
        "no-form: items.silent: declare `form`, a JSON Schema file or table: a query asks for something",
        "unknown-register: items.silent: query.register is 'r', which registers.toml has not: there are: cases",
    ],
}


@pytest.fixture(scope="module")
def looked_at() -> tuple[Registry, list[Finding]]:
    configuration, wrong = inspect_configuration(BROKEN / "plugins.toml")
    registry, more = inspected(configuration)
    return registry, [*wrong, *more]


@pytest.fixture
def found(looked_at: tuple[Registry, list[Finding]]) -> list[Finding]:
    return looked_at[1]


@pytest.mark.parametrize("plugin", EXPECTED)
def test_everything_that_is_wrong_with_a_plugin_is_found_and_nothing_else(plugin: str, found: list[Finding]) -> None:
    own = [finding for finding in found if finding.plugin == plugin]
    listed = "\n".join(map(str, own))
    told = [line.partition(": ") for line in EXPECTED[plugin]]
    assert sorted(finding.rule for finding in own) == sorted(rule for rule, _, _ in told), listed
    for rule, _, advice in told:
        words = advice.replace("{broken}", str(BROKEN))
        assert any(finding.rule == rule and words in finding.advice for finding in own), f"{words!r} in:\n{listed}"


def test_nothing_is_found_about_a_good_plugin_beside_broken_ones(looked_at: tuple[Registry, list[Finding]]) -> None:
    registry, found = looked_at
    assert {finding.plugin for finding in found} == set(EXPECTED)
    assert "good" not in EXPECTED
    assert registry.items["good-item"].plugin == "good"


def test_each_finding_is_one_line_that_names_the_plugin_the_rule_and_what_to_do(found: list[Finding]) -> None:
    for finding in found:
        assert str(finding) == f"{finding.plugin}: {finding.rule}: {finding.advice}"
        assert "\n" not in str(finding)
        assert len(finding.advice.split()) >= 4, finding


def test_the_start_is_refused_with_every_error_at_once_and_without_the_warnings(found: list[Finding]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        configure(BROKEN / "plugins.toml")
    assert list(refused.value.findings) == [finding for finding in found if not finding.warning]


def test_no_value_of_a_setting_is_told_since_it_may_be_a_secret(found: list[Finding]) -> None:
    assert "many" not in "".join(finding.advice for finding in found if finding.plugin == "settings")


def test_a_plugin_blames_nobody_else(tmp_path: Path) -> None:
    found = findings(
        tmp_path,
        "from banshi import Finding, hookimpl\n"
        "@hookimpl\n"
        "def banshi_checks():\n"
        "    yield Finding('traffic', 'no-reason', 'blame the traffic police', warning=True)\n",
    )
    assert found == [Finding("park", "no-reason", "blame the traffic police", warning=True)]


def test_one_package_under_two_names_is_told_as_duplicates(tmp_path: Path) -> None:
    file = tmp_path / "plugins.toml"
    entries = [f'[plugins.{name}]\npackage = "mobile_push"\napi = 1\n' for name in ("mobile_push", "again")]
    file.write_text("\n".join(entries))
    _, found = inspected(read_configuration(file))
    errors = [finding for finding in found if not finding.warning]
    assert {finding.plugin for finding in errors} == {"again"}
    assert {finding.rule for finding in errors} >= {"duplicate-channel", "duplicate-command", "duplicate-route"}


def test_an_installed_package_of_data_alone_is_a_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "city_of_data" / "museum"
    package.mkdir(parents=True)
    for name in ("items.toml", "form.json"):
        (package / name).write_text((BROKEN / "good" / name).read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path / "site")
    (tmp_path / "plugins.toml").write_text('[plugins.museum]\npackage = "city_of_data.museum"\napi = 1\n')
    registry, found = inspected(read_configuration(tmp_path / "plugins.toml"))
    assert found == []
    assert registry.plugins["museum"].folder == package
    assert registry.owners["item", "good-item"] == "museum"


#: An item without anything to mend, but for what a test puts behind it.
BENCH = """
[[items]]
code = "{code}"
kind = "application"
title = {{ zh-CN = "长椅", en = "Bench" }}
summary = {{ zh-CN = "长椅。", en = "A bench." }}
audience = ["person"]
legal_days = 5
form = "forms/bench.json"
result = {{ kind = "answer", title = {{ zh-CN = "答复", en = "Answer" }} }}
"""


def with_folder_of_items(place: Path, more: str) -> list[Finding]:
    """What is found about a department with an item in items.toml, and `more` in a file of the folder `items`."""
    parks = place / "parks"
    (parks / "forms").mkdir(parents=True)
    (parks / "items").mkdir()
    head = '[department]\ncode = "parks"\ntitle = { zh-CN = "公园处", en = "Parks" }\n'
    (parks / "items.toml").write_text(head + BENCH.format(code="first"), encoding="utf-8")
    (parks / "forms" / "bench.json").write_text('{"type": "object", "additionalProperties": false}', encoding="utf-8")
    (parks / "items" / "more.toml").write_text(more, encoding="utf-8")
    (place / "plugins.toml").write_text(f'[plugins.parks]\npath = "{parks}"\napi = 1\n', encoding="utf-8")
    registry, found = inspected(read_configuration(place / "plugins.toml"))
    assert set(registry.items) >= {"first"}
    return found


def test_a_department_s_items_may_stand_in_several_files(tmp_path: Path) -> None:
    assert with_folder_of_items(tmp_path, BENCH.format(code="second") + BENCH.format(code="third")) == []


@pytest.mark.parametrize(
    ("more", "rule", "told"),
    [
        (
            "[department]\n",
            "unknown-table",
            "items/more.toml: move [department] to items.toml; the files beside it",
        ),
        ("[settings]\n", "unknown-table", "items/more.toml: remove [settings]; the tables are items"),
        ("[[items]\n", "unreadable", "items/more.toml: Expected ']]' at the end of an array declaration"),
        ("items = 1\n", "wrong-value", "items/more.toml: items has to be a list of tables: write [[items]]"),
        (BENCH.format(code="first"), "duplicate-item", "rename the item 'first': parks has one of that name already"),
        (BENCH.format(code="Second"), "bad-slug", "items/more.toml: items.Second.code is 'Second'"),
        (
            BENCH.format(code="x").replace("forms/", "../"),
            "wrong-schema",
            "items/more.toml: items.x.form (../bench.json)",
        ),
        (
            BENCH.format(code="x") + '[items.messages.aprove.title]\nzh-CN = "好"\nen = "Good"\n',
            "unknown-action",
            "items/more.toml: rename or remove items.x.messages.aprove",
        ),
    ],
)
def test_what_is_wrong_in_one_of_several_files_is_told_by_its_name(
    tmp_path: Path, more: str, rule: str, told: str
) -> None:
    found = with_folder_of_items(tmp_path, more)
    assert any(one.rule == rule and told in one.advice for one in found), found


def test_a_plugin_of_the_same_name_in_another_folder_is_the_one_that_is_loaded(tmp_path: Path) -> None:
    for place in ("one", "two"):
        findings(tmp_path / place, f"PLACE = {place!r}\n")
        assert place == sys.modules["banshi_plugins.park"].PLACE


def test_a_configuration_that_cannot_be_read_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no .*plugins\.toml: run this in the folder"):
        read_configuration(tmp_path / "plugins.toml")


@pytest.mark.parametrize("table", [TABLE, TWO_PERSON_TABLE], ids=["one person decides", "two persons decide"])
def test_the_state_tables_of_applications_hold(table: tuple[object, ...]) -> None:
    assert list(table_faults(table)) == []  # type: ignore[arg-type]


def findings(folder: Path, source: str) -> list[Finding]:
    """What is found about a plugin called `park` with this `__init__.py`."""
    (folder / "park").mkdir(parents=True)
    (folder / "park" / "__init__.py").write_text(source)
    (folder / "plugins.toml").write_text('[plugins.park]\npath = "park"\napi = 1\n')
    return inspected(read_configuration(folder / "plugins.toml"))[1]
