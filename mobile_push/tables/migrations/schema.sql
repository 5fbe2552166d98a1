-- After 0020_notice_kinds
CREATE TABLE "push_device" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "person" VARCHAR(255) NOT NULL,
    "provider" VARCHAR(16) NOT NULL  /* Name of the provider that reaches it. */,
    "token" TEXT NOT NULL  /* The provider's address of the app on this phone, and its hash by which it is found. */,
    "token_hash" VARCHAR(64) NOT NULL UNIQUE,
    "platform" VARCHAR(16) NOT NULL,
    "language" VARCHAR(16) NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "seen_at" TIMESTAMP NOT NULL
, "division" VARCHAR(12) NOT NULL  /* Where the phone is at home: an administrative division's code (GB\/T 2260), and a position, as the app says. */ DEFAULT '', "latitude" REAL, "longitude" REAL, "notice_day" INT NOT NULL  /* How many notices it was sent on which day (days since 1970 in the city), for the cap. */ DEFAULT 0, "notices" INT NOT NULL DEFAULT 0, "away_until" BIGINT NOT NULL DEFAULT 0, "given_at" BIGINT NOT NULL  /* Milliseconds of the database's clock: when the app gave the address, and until when it is left alone. */ DEFAULT 0, "ways" SMALLINT NOT NULL  /* How many other addresses it has (`Address`). */ DEFAULT 0);
CREATE INDEX "idx_push_device_person_0990de" ON "push_device" ("person");
CREATE TABLE "push_inbox_counter" (
    "person" VARCHAR(255) NOT NULL  PRIMARY KEY,
    "top" BIGINT NOT NULL
, "changes" BIGINT NOT NULL  /* The number of the last change (`MessageState`). */ DEFAULT 0);
CREATE TABLE "push_inbox_message" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY /* The message's own id, so that one that is delivered twice arrives once. */,
    "person" VARCHAR(255) NOT NULL,
    "seq" BIGINT NOT NULL,
    "kind" VARCHAR(16) NOT NULL,
    "title" JSON NOT NULL,
    "body" JSON NOT NULL,
    "link" VARCHAR(255) NOT NULL,
    "case_id" CHAR(36),
    "created_at" TIMESTAMP NOT NULL, "broadcast_id" CHAR(36)   /* The notice that it is this person's copy of. */, "read_at" TIMESTAMP, "mode" VARCHAR(4) NOT NULL  /* The case's: test, team or live. */ DEFAULT 'live', "category" VARCHAR(32) NOT NULL  /* The kind of the item, or of an alert's copy what CAP says. */ DEFAULT '', "item" VARCHAR(64) NOT NULL  /* The item, the case's number and the state that the message tells of; "" where it is about none. */ DEFAULT '', "number" VARCHAR(24) NOT NULL DEFAULT '', "severity" VARCHAR(16) NOT NULL DEFAULT '', "state" VARCHAR(32) NOT NULL DEFAULT '', "archived_at" TIMESTAMP, "deleted_at" TIMESTAMP   /* Its number stays, and nothing of what it said. */,
    CONSTRAINT "uid_push_inbox__person_0bae35" UNIQUE ("person", "seq")
);
CREATE TABLE "push_broadcast" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "kind" VARCHAR(16) NOT NULL  /* notice or alert. */,
    "department" VARCHAR(64) NOT NULL,
    "state" VARCHAR(16) NOT NULL  /* draft, proposed, scheduled, published, cancelled, recalled or superseded. */,
    "version" INT NOT NULL,
    "seq" BIGINT  UNIQUE /* Its place in the common log, from its publication on. Given in the publishing transaction, so that no reader */,
    "title" JSON NOT NULL,
    "body" JSON NOT NULL,
    "content" JSON   /* Markdown by language, read inside the app, and a picture's https address. */,
    "image" VARCHAR(500) NOT NULL,
    "link" VARCHAR(255) NOT NULL,
    "audience" JSON NOT NULL,
    "cap" JSON   /* An alert as CAP has it, None for a notice. */,
    "collapse_key" VARCHAR(64) NOT NULL,
    "supersedes" CHAR(36)   /* The earlier one that this one takes the place of. */,
    "author" VARCHAR(255) NOT NULL,
    "approver" VARCHAR(255) NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "send_at" TIMESTAMP,
    "expires_at" TIMESTAMP NOT NULL,
    "published_at" BIGINT   /* Milliseconds of the database's clock. */,
    "ended_at" TIMESTAMP
, "earlier" JSON   /* The ids of all of them, where there are several. */, "ttl" INT   /* Seconds from its publication to its end, where no time was given. It then sets `expires_at` anew. */, "trace" VARCHAR(55) NOT NULL  /* The traceparent of its publication. */ DEFAULT '', "tag" VARCHAR(64) NOT NULL  /* What it is called on screens where it took over an earlier one's name. */ DEFAULT '', "second_person" INT NOT NULL  /* Whether a second person has to approve it, whatever the settings say of its department. */ DEFAULT 0, "origin" VARCHAR(64) NOT NULL  /* The plugin that drafted it, and is asked before it goes out; "" for none. */ DEFAULT '', "category" VARCHAR(32) NOT NULL  /* Of a notice its kind, a code of `NOTICE_KINDS`; "" for none. */ DEFAULT '');
CREATE INDEX "push_broadcast_state" ON "push_broadcast" ("kind", "state", "id");
CREATE TABLE "push_chunk" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "broadcast_id" CHAR(36) NOT NULL,
    "provider" VARCHAR(16) NOT NULL,
    "lane" SMALLINT NOT NULL,
    "state" VARCHAR(8) NOT NULL  /* due, done, parked, recalled or dropped. */,
    "devices" BLOB NOT NULL  /* The phones' ids, 16 bytes each, and a bit for each that is dealt with. */,
    "done" BLOB NOT NULL,
    "size" INT NOT NULL,
    "topic" VARCHAR(160) NOT NULL  /* A provider's own topic in place of phones. */,
    "tries" SMALLINT NOT NULL  /* How often these phones have been tried before, and why they are tried again. */,
    "code" VARCHAR(64) NOT NULL,
    "not_before" BIGINT NOT NULL  /* Milliseconds of the database's clock. */,
    "lease_until" BIGINT NOT NULL,
    "expires" BIGINT NOT NULL,
    "attempts" INT NOT NULL  /* How often it was claimed, also the fencing token of a checkpoint. */,
    "outcomes" JSON NOT NULL  /* What became of its phones: {"accepted": 500, "UNREGISTERED": 2}, and how long it took, as a histogram. */,
    "seconds" JSON NOT NULL
, "reached" BLOB   /* A bit for each that has the message or may have it. None of a version that did not write it down. */, "twice" INT NOT NULL  /* Phones that may have got it twice. */ DEFAULT 0, "unsure" INT NOT NULL  /* Whoever had claimed it last did not give it back: what it wrote nothing down of may have been sent. */ DEFAULT 0);
CREATE INDEX "push_chunk_due" ON "push_chunk" ("provider", "state", "lane", "id");
CREATE INDEX "push_chunk_broadcast" ON "push_chunk" ("broadcast_id");
CREATE TABLE "push_fan_out" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "broadcast_id" CHAR(36) NOT NULL,
    "provider" VARCHAR(16) NOT NULL  /* Empty for a walk over people. */,
    "lane" SMALLINT NOT NULL,
    "state" VARCHAR(8) NOT NULL  /* due, done or recalled. */,
    "through" VARCHAR(255) NOT NULL  /* The last key that is planned: everything up to it lies in chunks. */,
    "found" BIGINT NOT NULL  /* How many phones or people were found so far. */,
    "lease_until" BIGINT NOT NULL,
    "attempts" INT NOT NULL  /* How often it was claimed, also the fencing token. */,
    "planned_at" BIGINT,
    CONSTRAINT "uid_push_fan_ou_broadca_594ae3" UNIQUE ("broadcast_id", "provider")
);
CREATE INDEX "push_fan_out_due" ON "push_fan_out" ("state", "lane", "id");
CREATE TABLE "push_follow" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "person" VARCHAR(255) NOT NULL,
    "topic" VARCHAR(80) NOT NULL,
    CONSTRAINT "uid_push_follow_person_0cd08d" UNIQUE ("person", "topic")
);
CREATE INDEX "push_follow_topic" ON "push_follow" ("topic", "person");
CREATE TABLE "push_receipt" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "message_id" CHAR(36) NOT NULL  /* The broadcast's or the inbox message's. */,
    "device_id" CHAR(36) NOT NULL,
    "person" VARCHAR(255) NOT NULL,
    "received_at" TIMESTAMP,
    "opened_at" TIMESTAMP, "provider" VARCHAR(16) NOT NULL DEFAULT '', "shown_at" TIMESTAMP   /* What the provider said of it by itself, and which one: by what way it came. */,
    CONSTRAINT "uid_push_receip_message_52974f" UNIQUE ("message_id", "device_id")
);
CREATE INDEX "idx_push_receip_person_6584e0" ON "push_receipt" ("person");
CREATE TABLE "push_profile" (
    "person" VARCHAR(255) NOT NULL  PRIMARY KEY,
    "notices" INT NOT NULL  /* Whether notices may wake the phones at all. Alerts always do. */,
    "quiet_from" SMALLINT   /* Minutes after midnight in that time zone between which nothing but an alert makes a noise, or None. */,
    "quiet_until" SMALLINT,
    "timezone" VARCHAR(64) NOT NULL,
    "read_seq" BIGINT NOT NULL  /* The last numbers of the personal and the common log that are marked as read. */,
    "read_broadcast" BIGINT NOT NULL
, "marked_at" BIGINT NOT NULL  /* Milliseconds since 1970 at which they were last moved on. */ DEFAULT 0);
CREATE TABLE "push_delivery" ("id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, "message_id" CHAR(36) NOT NULL, "device_id" CHAR(36) NOT NULL, "provider" VARCHAR(16) NOT NULL, "state" VARCHAR(8) NOT NULL, "code" VARCHAR(64) NOT NULL, "provider_message" VARCHAR(255) NOT NULL, "not_before" BIGINT NOT NULL, "lease_until" BIGINT NOT NULL, "expires" BIGINT NOT NULL, "attempts" INT NOT NULL, "settled_at" BIGINT, "lane" SMALLINT NOT NULL  /* The urgent lanes go first. */ DEFAULT 0, "tries" INT NOT NULL  /* How often it was tried, since it was planned or since an operator wished it to be sent again. */ DEFAULT 0, "trace" VARCHAR(55) NOT NULL  /* The traceparent of the message's promise. */ DEFAULT '');
CREATE UNIQUE INDEX "uid_push_delive_message_d05313" ON "push_delivery" ("message_id", "device_id");
CREATE INDEX "push_delivery_lane" ON "push_delivery" ("provider", "state", "lane", "id");
CREATE INDEX "push_device_walk" ON "push_device" ("provider", "id");
CREATE TABLE "push_broadcast_event" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "broadcast_id" CHAR(36) NOT NULL,
    "version" INT NOT NULL  /* The broadcast's version from this step on. */,
    "at" TIMESTAMP NOT NULL,
    "action" VARCHAR(16) NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "actor" VARCHAR(255) NOT NULL  /* Subject of the member of staff, empty for the platform itself. */,
    "reason" TEXT NOT NULL,
    CONSTRAINT "uid_push_broadc_broadca_95a9df" UNIQUE ("broadcast_id", "version")
);
CREATE TABLE "push_cap_message" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY /* The broadcast's id. */,
    "name" VARCHAR(64) NOT NULL UNIQUE /* Hash of sender, identifier and time. */,
    "xml" BLOB NOT NULL  /* As it was signed, to the byte. */
);
CREATE TABLE "push_topic_change" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "provider" VARCHAR(16) NOT NULL,
    "token_hash" VARCHAR(64) NOT NULL,
    "token" TEXT NOT NULL,
    "topic" VARCHAR(160) NOT NULL,
    "follow" INT NOT NULL,
    "version" INT NOT NULL  /* Which wish it is: a later one takes the place of an earlier one. */,
    "attempts" INT NOT NULL,
    "code" VARCHAR(64) NOT NULL  /* The provider's word for why it is tried again. */,
    "not_before" BIGINT NOT NULL  /* Milliseconds of the database's clock. */,
    CONSTRAINT "uid_push_topic__topic_e08de1" UNIQUE ("topic", "token_hash")
);
CREATE INDEX "push_topic_change_due" ON "push_topic_change" ("provider", "not_before", "id");
CREATE TABLE "push_topic_round" (
    "provider" VARCHAR(16) NOT NULL  PRIMARY KEY,
    "round" VARCHAR(16) NOT NULL,
    "active" INT NOT NULL,
    "through" VARCHAR(36) NOT NULL  /* The last phone whose changes are written down, and whether it was the last of all. */,
    "complete" INT NOT NULL,
    "holder" VARCHAR(32) NOT NULL  /* The one process that carries changes out, and the database's milliseconds until which it does. */,
    "lease_until" BIGINT NOT NULL
);
CREATE INDEX "push_inbox_message_broadcast" ON "push_inbox_message" ("broadcast_id");
CREATE TABLE "push_message_state" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "person" VARCHAR(1415) NOT NULL,
    "message_id" CHAR(36) NOT NULL  /* The message's or the broadcast's; zeros for what is marked as read up to a place (`Profile`). */,
    "common" INT NOT NULL  /* Whether it is a broadcast, and its place in its log. */,
    "seq" BIGINT NOT NULL,
    "number" BIGINT NOT NULL  /* Of the last change, from the person's counter. */,
    "read_at" TIMESTAMP,
    "archived_at" TIMESTAMP,
    "deleted_at" TIMESTAMP,
    CONSTRAINT "uid_push_messag_person_72583c" UNIQUE ("person", "message_id")
);
CREATE INDEX "push_message_state_number" ON "push_message_state" ("person", "number");
CREATE TABLE "push_silence" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "person" VARCHAR(1415) NOT NULL,
    "about" VARCHAR(64) NOT NULL,
    CONSTRAINT "uid_push_silenc_person_a55d8a" UNIQUE ("person", "about")
);
CREATE TABLE "push_anonymous_device" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY /* The device's. */,
    "secret_hash" VARCHAR(64) NOT NULL  /* SHA-256 of what its app proves itself with. */
);
CREATE TABLE "push_address" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "device_id" CHAR(36) NOT NULL,
    "provider" VARCHAR(16) NOT NULL,
    "token" TEXT NOT NULL,
    "token_hash" VARCHAR(64) NOT NULL UNIQUE,
    "given_at" BIGINT NOT NULL,
    "away_until" BIGINT NOT NULL,
    CONSTRAINT "uid_push_addres_device__b7475b" UNIQUE ("device_id", "provider")
);
CREATE TABLE "push_spent" (
    "key" VARCHAR(32) NOT NULL  PRIMARY KEY /* `<provider>\/<kind>`. */,
    "until" BIGINT NOT NULL  /* Milliseconds of the database's clock. */
);
CREATE TABLE "push_id" (
    "key" VARCHAR(64) NOT NULL  PRIMARY KEY /* Hash of the message and the phones that it goes to together. */,
    "given" VARCHAR(100) NOT NULL,
    "until" BIGINT NOT NULL  /* Milliseconds of the database's clock until which it is kept. */
);
