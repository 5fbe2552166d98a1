-- After 0027_channel_of_a_case
CREATE TABLE "banshi_attachment" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "person" VARCHAR(255) NOT NULL,
    "case_id" CHAR(36)   /* The case that uses it, None until a submission names it. */,
    "name" VARCHAR(200) NOT NULL  /* What the citizen called it, for display only. */,
    "media_type" VARCHAR(64) NOT NULL  /* What the bytes are, never what the client said. */,
    "size" BIGINT NOT NULL,
    "sha256" VARCHAR(64) NOT NULL,
    "created_at" TIMESTAMP NOT NULL
, "accepted_at" TIMESTAMP   /* When a member of staff found it right. None until then, and again once a case with the same bytes was refused. */, "concerns" VARCHAR(200) NOT NULL DEFAULT '', "document" VARCHAR(129) NOT NULL  /* Which document its case asked for with it, and what that is about. Empty where it is none or was replaced. */ DEFAULT '', "origin" JSON   /* Where it was taken over from: the earlier case's id, number and item. */, "state" VARCHAR(16) NOT NULL DEFAULT 'stored');
CREATE INDEX "idx_banshi_atta_case_id_e7884d" ON "banshi_attachment" ("case_id");
CREATE INDEX "banshi_attachment_person" ON "banshi_attachment" ("person", "case_id");
CREATE TABLE "banshi_case" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "number" VARCHAR(24) NOT NULL UNIQUE,
    "item" VARCHAR(64) NOT NULL,
    "item_version" INT NOT NULL,
    "kind" VARCHAR(32) NOT NULL,
    "department" VARCHAR(64) NOT NULL,
    "unit" VARCHAR(64) NOT NULL,
    "state" VARCHAR(32) NOT NULL,
    "person" VARCHAR(255) NOT NULL  /* Subject of the citizen, and the name that the identity provider gave with it. */,
    "person_name" VARCHAR(255) NOT NULL,
    "answers" JSON NOT NULL,
    "version" INT NOT NULL  /* Counts the steps: every change is conditional on it, so that of two at once one wins. */,
    "clock_allowed" INT   /* The clock of the deadline (see `banshi.calendar.Clock`): working days allowed, used before the present run, and */,
    "clock_used" INT NOT NULL,
    "clock_since" DATE,
    "due_on" DATE,
    "due_provisional" INT NOT NULL,
    "urgency" DATE NOT NULL  /* What the worklist is ordered by: `due_on`, or the end of time. */,
    "reason" JSON   /* What the citizen was last told, as texts per language. */,
    "renews" CHAR(36)   /* The earlier case that this one renews. */,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL
, "mode" VARCHAR(4) NOT NULL  /* test, team or live: what its item and who made it were when it came to be, and so for good. */ DEFAULT 'live', "content" VARCHAR(8) NOT NULL  /* Whether it is all there: kept, leaving (nobody moves it any more), gone (only what statistics count is left). */ DEFAULT 'kept', "clock_unit" VARCHAR(12) NOT NULL  /* What is counted of them: working-day, or calendar-day for all. */ DEFAULT 'working-day', "channel" VARCHAR(32) NOT NULL  /* By which channel it was begun, such as `site` or `wechat`; "" for an app or another program. */ DEFAULT '');
CREATE INDEX "banshi_case_person" ON "banshi_case" ("person", "id");
CREATE TABLE "banshi_case_event" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "version" INT NOT NULL  /* The case's version that this step made. */,
    "at" TIMESTAMP NOT NULL,
    "action" VARCHAR(32) NOT NULL,
    "state_before" VARCHAR(32) NOT NULL,
    "state" VARCHAR(32) NOT NULL,
    "actor" VARCHAR(16) NOT NULL  /* citizen, staff or system, and the subject where a person acted. */,
    "actor_id" VARCHAR(255) NOT NULL,
    "reason" JSON,
    "details" JSON   /* What changed beside the state, without values: {"fields": ["\/plate"]}. */,
    "case_id" CHAR(36) NOT NULL REFERENCES "banshi_case" ("id") ON DELETE RESTRICT, "mark" BLOB, "redacted" BLOB   /* Once personal columns were blanked: the hash of what they held, and the proof that it was the platform. */, "salt" BLOB   /* What the personal columns are hashed with, None once they were blanked, and the keyed digest of all columns. */, "seal" BIGINT   /* The seal that has this entry, None until it is sealed. */, "row_digest" BLOB   /* What the case's row says after this step (`banshi.builtin.audit.marks.ROW`), as a digest by key and salt. */,
    CONSTRAINT "uid_banshi_case_case_id_cb83f1" UNIQUE ("case_id", "version")
);
CREATE TABLE "banshi_counter" (
    "name" VARCHAR(64) NOT NULL  PRIMARY KEY,
    "value" BIGINT NOT NULL
);
CREATE TABLE "banshi_idempotency_key" (
    "id" VARCHAR(64) NOT NULL  PRIMARY KEY /* Hash of the caller and the key. */,
    "fingerprint" VARCHAR(64) NOT NULL  /* Hash of method, path and body. */,
    "status" SMALLINT NOT NULL,
    "headers" JSON NOT NULL,
    "body" TEXT NOT NULL,
    "created_at" TIMESTAMP NOT NULL
, "person" VARCHAR(255) NOT NULL  /* Whose answer it is: it goes when they are forgotten. Empty for whoever doesn't say who they are. */ DEFAULT '');
CREATE INDEX "idx_banshi_idem_created_cf42c9" ON "banshi_idempotency_key" ("created_at");
CREATE TABLE "banshi_outbox" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "consumer" VARCHAR(64) NOT NULL,
    "topic" VARCHAR(64) NOT NULL,
    "payload" JSON NOT NULL,
    "lane" SMALLINT NOT NULL  /* Smaller goes first. */,
    "state" VARCHAR(8) NOT NULL  /* due, done or parked. */,
    "not_before" BIGINT NOT NULL  /* Milliseconds of the database's clock: not tried before, and leased to a worker until. */,
    "lease_until" BIGINT NOT NULL,
    "attempts" INT NOT NULL  /* How often it was claimed, also the fencing token that a settlement has to show. */,
    "dedup" VARCHAR(120) NOT NULL UNIQUE /* The same promise is made once. */,
    "last_error" VARCHAR(500) NOT NULL,
    "settled_at" BIGINT
, "tries" INT NOT NULL  /* How often it was tried, since it was promised or since an operator wished it to be tried again. */ DEFAULT 0, "trace" VARCHAR(55) NOT NULL  /* The traceparent of what it was promised by. */ DEFAULT '');
CREATE TABLE "banshi_pass" (
    "number" BIGINT NOT NULL  PRIMARY KEY,
    "item" VARCHAR(64) NOT NULL,
    "department" VARCHAR(64) NOT NULL,
    "kid" VARCHAR(16) NOT NULL,
    "issued_at" TIMESTAMP NOT NULL,
    "not_before" TIMESTAMP,
    "expires_at" TIMESTAMP NOT NULL,
    "text" TEXT NOT NULL  /* The compact text that the QR shows: fetching it again gives the same bytes. */,
    "revoked_at" TIMESTAMP,
    "revoked_reason" JSON,
    "case_id" CHAR(36) NOT NULL REFERENCES "banshi_case" ("id") ON DELETE RESTRICT
, "phone" VARCHAR(66)   /* Of a dynamic one: the key of the phone that holds it, in hexadecimal, empty while none does. */);
CREATE TABLE "banshi_scan" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "number" BIGINT   /* The pass's number, None where what was scanned is no pass of ours. */,
    "at" TIMESTAMP NOT NULL,
    "officer" VARCHAR(255) NOT NULL,
    "department" VARCHAR(64) NOT NULL,
    "place" VARCHAR(200) NOT NULL,
    "verdict" VARCHAR(32) NOT NULL
, "received_at" TIMESTAMP   /* When it came in, of one whose phone says when it was; None where `at` is by our own clock. */);
CREATE INDEX "idx_banshi_scan_number_fb3d9f" ON "banshi_scan" ("number");
CREATE TABLE "banshi_signing_key" (
    "kid" VARCHAR(16) NOT NULL  PRIMARY KEY /* Eight hexadecimal digits, as every pass bears it. */,
    "public_pem" TEXT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "signs_from" TIMESTAMP NOT NULL  /* It is published from its creation on and signs from here on, so that verifiers know it before they meet it. */,
    "retired_at" TIMESTAMP   /* It signs no more, and stays published for what it signed. */,
    "revoked_at" TIMESTAMP   /* It was lost: nothing that it signed is valid. */
);
CREATE INDEX "banshi_case_people" ON "banshi_case" ("item", "state", "person");
CREATE INDEX "banshi_case_mode" ON "banshi_case" ("mode", "created_at");
CREATE INDEX "banshi_pass_case" ON "banshi_pass" ("case_id", "number");
CREATE TABLE "banshi_lease" (
    "name" VARCHAR(64) NOT NULL  PRIMARY KEY,
    "holder" VARCHAR(32) NOT NULL,
    "until" BIGINT NOT NULL
);
CREATE TABLE "banshi_hold" (
    "name" VARCHAR(16) NOT NULL  PRIMARY KEY,
    "since" BIGINT NOT NULL  /* Milliseconds of the database's clock. */,
    "reason" VARCHAR(200) NOT NULL
);
CREATE TABLE "banshi_audit_removal" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "at" TIMESTAMP NOT NULL,
    "cause" VARCHAR(16) NOT NULL  /* Such as test or tip. */,
    "proof" BLOB NOT NULL  /* Keyed digest: it was the platform. */
);
CREATE TABLE "banshi_audit_seal" (
    "number" BIGINT NOT NULL  PRIMARY KEY,
    "at" TIMESTAMP NOT NULL,
    "count" INT NOT NULL  /* How many entries it has, and for each its id, its case, whether it was found without a mark, and the mark. */,
    "entries" BLOB NOT NULL,
    "previous" VARCHAR(64) NOT NULL  /* Hash of the seal before, hash of this one, and who signed that, in hexadecimal digits. */,
    "hash" VARCHAR(64) NOT NULL,
    "kid" VARCHAR(16) NOT NULL,
    "signature" BLOB NOT NULL
);
CREATE INDEX "banshi_case_event_seal" ON "banshi_case_event" ("seal", "id");
CREATE INDEX "banshi_case_content" ON "banshi_case" ("content", "item", "state", "updated_at");
CREATE INDEX "banshi_idempotency_key_person" ON "banshi_idempotency_key" ("person");
CREATE INDEX "banshi_case_work" ON "banshi_case" ("department", "state", "item", "urgency", "id");
CREATE TABLE "banshi_case_reading" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY /* A UUIDv7 of the quarter's beginning, its rest a keyed digest of reader and case. */,
    "case_id" CHAR(36) NOT NULL,
    "at" TIMESTAMP NOT NULL  /* When it was read first in that quarter. */,
    "reader" VARCHAR(1415) NOT NULL,
    "department" VARCHAR(64) NOT NULL  /* The role by which they may; the unit is empty where it is for the whole department. */,
    "unit" VARCHAR(64) NOT NULL,
    "role" VARCHAR(64) NOT NULL,
    "mark" BLOB NOT NULL  /* The keyed digest of all columns. */,
    "seal" BIGINT   /* The seal that has this entry, None until it is sealed. */
);
CREATE INDEX "banshi_case_reading_case" ON "banshi_case_reading" ("case_id", "id");
CREATE INDEX "banshi_case_reading_seal" ON "banshi_case_reading" ("seal", "id");
CREATE TABLE "banshi_refusal" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY /* As a reading's, of subject and operation. */,
    "first_at" TIMESTAMP NOT NULL  /* When it was first and last refused in that quarter, and how often. */,
    "last_at" TIMESTAMP NOT NULL,
    "count" INT NOT NULL,
    "subject" VARCHAR(32) NOT NULL  /* Keyed digest of the subject, in hexadecimal digits; empty for all whom there was no room to tell apart. */,
    "operation" VARCHAR(64) NOT NULL  /* As the API's document calls it, and the code of the problem. */,
    "code" VARCHAR(64) NOT NULL
);
CREATE TABLE "banshi_upload_room" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY /* Of whom it is: `banshi.builtin.uploads.room.whose`. */,
    "used" BIGINT NOT NULL  /* At least what lies there unused. */,
    "counted" BIGINT NOT NULL  /* When it was counted last, in milliseconds. */
);
CREATE INDEX "idx_banshi_atta_state_f8f1d9" ON "banshi_attachment" ("state");
CREATE TABLE "banshi_draft" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY /* Of whose it is and to what: `banshi.builtin.drafts.routes.key_of`. */,
    "person" VARCHAR(1415) NOT NULL,
    "item" VARCHAR(64) NOT NULL,
    "answers" JSON NOT NULL,
    "saved_at" TIMESTAMP NOT NULL
);
CREATE INDEX "idx_banshi_draf_person_3b28e7" ON "banshi_draft" ("person");
CREATE INDEX "idx_banshi_draf_saved_a_25f246" ON "banshi_draft" ("saved_at");
CREATE TABLE "banshi_prefill" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "person" VARCHAR(1415) NOT NULL,
    "item" VARCHAR(64) NOT NULL,
    "known" JSON NOT NULL  /* Words of the forms' vocabulary, such as `phone`. */,
    "cases" JSON NOT NULL  /* The cases that it came from, by their ids. */,
    "at" TIMESTAMP NOT NULL
);
CREATE INDEX "idx_banshi_pref_person_972f43" ON "banshi_prefill" ("person");
CREATE INDEX "idx_banshi_pref_at_526c89" ON "banshi_prefill" ("at");
CREATE TABLE "banshi_operator_command" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "at" TIMESTAMP NOT NULL,
    "operator" VARCHAR(1415) NOT NULL  /* The account of the system, and before it whom the operator says they are. */,
    "command" VARCHAR(64) NOT NULL  /* As it is typed, such as `keys rotate`. */,
    "about" VARCHAR(200) NOT NULL  /* Which options it was given, of those that say what it does: `at_once=True`. */,
    "whose" VARCHAR(32) NOT NULL  /* Keyed digest of the person whose data it is about, in hexadecimal digits; empty where it is about nobody's. */,
    "purpose" VARCHAR(1121) NOT NULL  /* As the operator says it, and the person reads it. */,
    "mark" BLOB NOT NULL,
    "seal" BIGINT
);
CREATE INDEX "banshi_operator_command_whose" ON "banshi_operator_command" ("whose", "id");
CREATE INDEX "banshi_operator_command_seal" ON "banshi_operator_command" ("seal", "id");
CREATE TABLE "banshi_ended_session" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY /* A digest (`banshi.builtin.identity.ended.key_of`), or `everybody`. */,
    "until" BIGINT NOT NULL  /* Unix seconds; 0 in the row of a logout token, which is there so that the same token isn't taken twice. */,
    "noted_at" BIGINT NOT NULL  /* Milliseconds of the database's clock: a process reads what was noted since it read last. */
);
CREATE INDEX "idx_banshi_ende_noted_a_436672" ON "banshi_ended_session" ("noted_at");
CREATE INDEX "banshi_outbox_open" ON "banshi_outbox" ("consumer", "state", "lane", "id") WHERE state = 'parked' OR state = 'due';
CREATE TABLE "banshi_quota" (
    "key" VARCHAR(160) NOT NULL  PRIMARY KEY /* Whose it is and what is counted, such as `wechat:wx1234\/force-token`. */,
    "period" VARCHAR(10) NOT NULL  /* The day or the month where the vendor is; a later one begins at nought. */,
    "used" INT NOT NULL,
    "spent_at" BIGINT NOT NULL  /* When it was last spent: milliseconds of the database's clock. */
);
CREATE TABLE "banshi_shared_token" (
    "name" VARCHAR(160) NOT NULL  PRIMARY KEY /* Whose it is, such as `qq:102000001`. */,
    "sealed" TEXT NOT NULL  /* Sealed with the key of the keys folder; "" before the first. */,
    "renew_at" BIGINT NOT NULL  /* From when the next one is fetched, and until when it is good. */,
    "ends_at" BIGINT NOT NULL,
    "lease_until" BIGINT NOT NULL  /* Until when somebody fetches the next one. */
);
