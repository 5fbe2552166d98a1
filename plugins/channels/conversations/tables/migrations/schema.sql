-- After 0012_homes
CREATE TABLE "conversations_conversation" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "account" VARCHAR(100) NOT NULL  /* Such as `wechat:wx1234`. */,
    "contact" VARCHAR(1415) NOT NULL  /* The provider's id of the other end: sealed, and found as it is sealed. */,
    "version" INT NOT NULL  /* Each change counts on: of two at once, one is made anew. */,
    "state" VARCHAR(16) NOT NULL  /* Of the state table in `engine.states`. */,
    "language" VARCHAR(8) NOT NULL,
    "memory" JSON NOT NULL  /* What was asked and answered so far: `engine.memory.Memory` as JSON. */,
    "begun_at" TIMESTAMP NOT NULL,
    "heard_at" TIMESTAMP NOT NULL  /* When they were last heard. */,
    CONSTRAINT "uid_conversatio_account_7b2f03" UNIQUE ("account", "contact")
);
CREATE INDEX "idx_conversatio_heard_a_7eeb3d" ON "conversations_conversation" ("heard_at");
CREATE TABLE "conversations_link" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "person" VARCHAR(1415) NOT NULL,
    "known" JSON NOT NULL  /* What the sign-in knew: the members of a `Principal` that a case needs. */,
    "way" VARCHAR(16) NOT NULL  /* How: `sign-in`, `app` (its QR code) or `digits`. */,
    "linked_at" TIMESTAMP NOT NULL,
    "ended_at" TIMESTAMP,
    "conversation_id" CHAR(36) NOT NULL REFERENCES "conversations_conversation" ("id") ON DELETE CASCADE
, "is_proved" INT NOT NULL  /* Whether the provider has said that the contact itself opened the link by which they signed in. */ DEFAULT 0, "since" TIMESTAMP   /* Since when the contact is theirs without a break, also where they have signed in anew; none: since then. */);
CREATE INDEX "idx_conversatio_person_c1e297" ON "conversations_link" ("person");
CREATE INDEX "conversations_link_of" ON "conversations_link" ("conversation_id", "ended_at");
CREATE TABLE "conversations_turn" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "key" VARCHAR(128) NOT NULL  /* The provider's id of the message, and a digest of what was in it: other words under one id are another turn. */,
    "digest" VARCHAR(32) NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "heard" JSON NOT NULL  /* What was written, as far as it may be kept. */,
    "reply" JSON NOT NULL  /* What was answered: a repeat is answered the same. */,
    "conversation_id" CHAR(36) NOT NULL REFERENCES "conversations_conversation" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_conversatio_convers_acc0a7" UNIQUE ("conversation_id", "key", "digest")
);
CREATE INDEX "idx_conversatio_at_c847d6" ON "conversations_turn" ("at");
CREATE TABLE "conversations_link_offer" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "token" VARCHAR(64) NOT NULL UNIQUE /* Keyed hashes of what the link or the QR code has, and of the digits. */,
    "digits" VARCHAR(64)  UNIQUE,
    "person" VARCHAR(1415) NOT NULL  /* Of an app, who has asked for it, and what their sign-in knew. */,
    "known" JSON NOT NULL,
    "ends_at" TIMESTAMP NOT NULL,
    "used_at" TIMESTAMP,
    "conversation_id" CHAR(36) REFERENCES "conversations_conversation" ("id") ON DELETE CASCADE /* Of a link, the contact that it is for. What an app shows is for whichever contact sends it. */
);
CREATE INDEX "idx_conversatio_person_f19ce2" ON "conversations_link_offer" ("person");
CREATE INDEX "idx_conversatio_ends_at_65a68e" ON "conversations_link_offer" ("ends_at");
CREATE TABLE "conversations_said" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "channel" VARCHAR(32) NOT NULL  /* What the account's name begins with: `wechat` of `wechat:wx1234`. */,
    "key" VARCHAR(120) NOT NULL UNIQUE /* The same is promised once, whoever promises it again. */,
    "by" VARCHAR(16) NOT NULL  /* Who says it: `engine`, `officer` or `notice`; of an officer, which one. */,
    "officer" VARCHAR(1415) NOT NULL,
    "person" VARCHAR(1415) NOT NULL  /* The citizen whom it is for, "" for whoever has the contact: nobody else gets it there. */,
    "words" JSON NOT NULL,
    "state" VARCHAR(16) NOT NULL  /* Of the table in `outbound.states`. */,
    "code" VARCHAR(64) NOT NULL  /* The provider's code, where it refused it or said that it didn't arrive, and what that means for people. */,
    "why" JSON NOT NULL,
    "window" VARCHAR(16) NOT NULL  /* The window that was spent, and the provider's id of what it has taken. */,
    "provider_id" VARCHAR(128) NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "settled_at" TIMESTAMP,
    "not_before" BIGINT NOT NULL  /* Milliseconds of the database's clock: not tried before, and leased to a worker until. */,
    "lease_until" BIGINT NOT NULL,
    "attempts" INT NOT NULL  /* How often it was claimed, also the fencing token; and how often it was refused for now. */,
    "refusals" INT NOT NULL,
    "is_sending" INT NOT NULL  /* It may be on its way: where nobody has said what came of it when the lease ends, nobody knows. */,
    "conversation_id" CHAR(36) NOT NULL REFERENCES "conversations_conversation" ("id") ON DELETE CASCADE
, "until" TIMESTAMP   /* When it isn't worth saying any more; none for always. */, "about" VARCHAR(64) NOT NULL DEFAULT '', "kind" VARCHAR(16) NOT NULL  /* Of a notice: `case` or `alert`, what can stand in the fields of the provider's own, and an alert's id. What is */ DEFAULT '', "news" JSON);
CREATE INDEX "idx_conversatio_person_3e983b" ON "conversations_said" ("person");
CREATE INDEX "idx_conversatio_provide_25f12c" ON "conversations_said" ("provider_id");
CREATE INDEX "idx_conversatio_at_bf1c7f" ON "conversations_said" ("at");
CREATE INDEX "conversations_said_of" ON "conversations_said" ("conversation_id", "state", "id");
CREATE TABLE "conversations_window" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "kind" VARCHAR(16) NOT NULL  /* The channel's word for it. */,
    "until" TIMESTAMP NOT NULL,
    "sends_left" INT   /* None: any number. */,
    "conversation_id" CHAR(36) NOT NULL REFERENCES "conversations_conversation" ("id") ON DELETE CASCADE, "ref" VARCHAR(128) NOT NULL  /* The provider's id of the message that opened it last. */ DEFAULT '',
    CONSTRAINT "uid_conversatio_convers_99219f" UNIQUE ("conversation_id", "kind")
);
CREATE INDEX "idx_conversatio_until_9cefa5" ON "conversations_window" ("until");
CREATE TABLE "conversations_desk_day" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "desk" VARCHAR(64) NOT NULL,
    "day" DATE NOT NULL,
    "hours" JSON NOT NULL,
    CONSTRAINT "uid_conversatio_desk_b91204" UNIQUE ("desk", "day")
);
CREATE TABLE "conversations_desk_phrase" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "desk" VARCHAR(64) NOT NULL,
    "code" VARCHAR(64) NOT NULL,
    "version" INT NOT NULL,
    "texts" JSON NOT NULL  /* By language. */,
    "at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_conversatio_desk_404cbd" UNIQUE ("desk", "code", "version")
);
CREATE TABLE "conversations_enquiry" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "desk" VARCHAR(64) NOT NULL  /* A code of the settings. */,
    "state" VARCHAR(8) NOT NULL  /* waiting, held, closed (by an officer, or as nobody said more), left (by the citizen), or word (the desk was */,
    "urgent" INT NOT NULL  /* Spoke of danger: goes before all others. */,
    "asked_at" TIMESTAMP NOT NULL  /* When a person was asked for: the place in the queue, also of what comes back to it. */,
    "officer" VARCHAR(1415) NOT NULL  /* Who holds it, "" for nobody, what they are called, and until when. */,
    "officer_name" VARCHAR(1415) NOT NULL,
    "lease_until" TIMESTAMP,
    "owed_since" TIMESTAMP   /* Since when the citizen waits for a word, None while it is the citizen's turn. */,
    "delayed_at" TIMESTAMP   /* When they were told that it takes longer. */,
    "claimed_at" TIMESTAMP,
    "answered_at" TIMESTAMP,
    "closed_at" TIMESTAMP,
    "rating" INT   /* 1 to 5, where they gave one. */,
    "conversation_id" CHAR(36) NOT NULL REFERENCES "conversations_conversation" ("id") ON DELETE CASCADE
);
CREATE INDEX "conversations_enquiry_queue" ON "conversations_enquiry" ("desk", "state", "asked_at");
CREATE INDEX "conversations_enquiry_of" ON "conversations_enquiry" ("conversation_id", "state");
CREATE TABLE "conversations_desk_event" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "desk" VARCHAR(64) NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "what" VARCHAR(16) NOT NULL  /* Such as queued, claimed, note, cases; `desk.queue` has them. */,
    "officer" VARCHAR(1415) NOT NULL  /* Who of the staff, "" for the citizen and the platform. */,
    "officer_name" VARCHAR(1415) NOT NULL,
    "text" TEXT NOT NULL  /* A note, why it was handed on, or for what purpose the cases were read. */,
    "cases" JSON NOT NULL  /* Ids of the cases that were read. */,
    "enquiry_id" CHAR(36) NOT NULL REFERENCES "conversations_enquiry" ("id") ON DELETE CASCADE
);
CREATE TABLE "conversations_figure" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "day" DATE NOT NULL  /* Of the city. */,
    "account" VARCHAR(100) NOT NULL,
    "item" VARCHAR(100) NOT NULL  /* Its code, "" for what is about no item. */,
    "what" VARCHAR(16) NOT NULL  /* Of `figures.counting.What`. */,
    "pointer" VARCHAR(255)   /* What was asked just then, where that says something: a JSON Pointer, "" for the form as a whole. */
);
CREATE INDEX "conversations_figure_of" ON "conversations_figure" ("day");
CREATE TABLE "conversations_desk_officer" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "desk" VARCHAR(64) NOT NULL,
    "officer" VARCHAR(1415) NOT NULL,
    "officer_name" VARCHAR(1415) NOT NULL,
    "day" DATE NOT NULL,
    CONSTRAINT "uid_conversatio_desk_0de2e5" UNIQUE ("desk", "officer", "day")
);
CREATE TABLE "conversations_confirmation" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "person" VARCHAR(1415) NOT NULL,
    "title" VARCHAR(1415) NOT NULL  /* What it is called, as the chat shows it; and the item and action behind that. */,
    "item" VARCHAR(64) NOT NULL,
    "action" VARCHAR(64) NOT NULL,
    "digest" VARCHAR(64) NOT NULL  /* A keyed hash of all that would be sent: a yes is for that alone, and once. */,
    "asked_at" TIMESTAMP NOT NULL,
    "ends_at" TIMESTAMP NOT NULL,
    "answered_at" TIMESTAMP,
    "is_granted" INT NOT NULL,
    "used_at" TIMESTAMP,
    "conversation_id" CHAR(36) NOT NULL REFERENCES "conversations_conversation" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_conversatio_person_2928b5" ON "conversations_confirmation" ("person");
CREATE INDEX "idx_conversatio_ends_at_81428f" ON "conversations_confirmation" ("ends_at");
CREATE TABLE "conversations_word" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "account" VARCHAR(100) NOT NULL,
    "provider_id" VARCHAR(128) NOT NULL,
    "arrived" INT NOT NULL  /* Whether it has arrived, and the provider's word for why not. */,
    "code" VARCHAR(64) NOT NULL,
    "at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_conversatio_account_882b3e" UNIQUE ("account", "provider_id")
);
CREATE INDEX "idx_conversatio_at_14ec43" ON "conversations_word" ("at");
CREATE INDEX "idx_conversatio_about_a9e24a" ON "conversations_said" ("about");
CREATE INDEX "conversations_said_lane" ON "conversations_said" ("channel", "state", "by", "id");
CREATE INDEX "conversations_said_until" ON "conversations_said" ("until");
CREATE TABLE "conversations_home" ("id" CHAR(36) NOT NULL  PRIMARY KEY, "conversation_id" CHAR(36) NOT NULL REFERENCES "conversations_conversation" ("id") ON DELETE CASCADE, "division" VARCHAR(12) NOT NULL, "person" VARCHAR(1415) NOT NULL  /* Whoever has the contact later is at home elsewhere. */ DEFAULT '');
CREATE INDEX "idx_conversatio_person_9173a6" ON "conversations_home" ("person");
CREATE UNIQUE INDEX "uid_conversatio_convers_32a6ef" ON "conversations_home" ("conversation_id", "person", "division");
