-- After 0004_block
CREATE TABLE "desk_day" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "desk" VARCHAR(64) NOT NULL,
    "day" DATE NOT NULL,
    "hours" JSON NOT NULL,
    CONSTRAINT "uid_desk_day_desk_bc37e7" UNIQUE ("desk", "day")
);
CREATE TABLE "desk_officer" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "desk" VARCHAR(64) NOT NULL,
    "officer" VARCHAR(1415) NOT NULL,
    "officer_name" VARCHAR(1415) NOT NULL,
    "day" DATE NOT NULL,
    CONSTRAINT "uid_desk_office_desk_fe7fc4" UNIQUE ("desk", "officer", "day")
);
CREATE TABLE "desk_phrase" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "desk" VARCHAR(64) NOT NULL,
    "code" VARCHAR(64) NOT NULL,
    "version" INT NOT NULL,
    "texts" JSON NOT NULL  /* By language. */,
    "at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_desk_phrase_desk_676327" UNIQUE ("desk", "code", "version")
);
CREATE TABLE "desk_enquiry" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "kind" VARCHAR(32) NOT NULL  /* The kind of the party at the other end, such as `conversation`, and its id of them. */,
    "subject" CHAR(36) NOT NULL,
    "person" VARCHAR(1415) NOT NULL  /* The citizen who was known there when a person was asked for; "" for a stranger. */,
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
    "rating" INT   /* 1 to 5, where they gave one. */
, "labels" VARCHAR(1024) NOT NULL  /* Codes of the desk's labels with a comma around each, such as ",visa,fees,": what is looked for is ",visa,". */ DEFAULT '', "blocked_until" TIMESTAMP   /* Until when its desk takes nothing of that contact but danger: an officer has blocked them. */);
CREATE INDEX "idx_desk_enquir_person_ccfeca" ON "desk_enquiry" ("person");
CREATE INDEX "idx_desk_enquir_asked_a_b73a44" ON "desk_enquiry" ("asked_at");
CREATE INDEX "desk_enquiry_queue" ON "desk_enquiry" ("desk", "state", "asked_at");
CREATE INDEX "desk_enquiry_of" ON "desk_enquiry" ("subject", "state");
CREATE TABLE "desk_event" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "desk" VARCHAR(64) NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "what" VARCHAR(16) NOT NULL  /* Such as queued, claimed, note, cases; `desk.queue` has them. */,
    "officer" VARCHAR(1415) NOT NULL  /* Who of the staff, "" for the citizen and the platform. */,
    "officer_name" VARCHAR(1415) NOT NULL,
    "text" TEXT NOT NULL  /* A note, why it was handed on, or for what purpose something was read. */,
    "word" CHAR(36)   /* What was said by it, as the party calls it. */,
    "cases" JSON NOT NULL  /* Ids of the cases that were read. */,
    "enquiry_id" CHAR(36) NOT NULL REFERENCES "desk_enquiry" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_desk_event_word_9c833c" ON "desk_event" ("word");
CREATE INDEX "desk_event_of" ON "desk_event" ("enquiry_id");
CREATE INDEX "desk_enquiry_lease" ON "desk_enquiry" ("state", "lease_until");
CREATE TABLE "desk_rule" (
    "desk" VARCHAR(64) NOT NULL  PRIMARY KEY,
    "by_turn" INT   /* Whether who waits is given out by turn; None: as the settings have it. */
);
CREATE TABLE "desk_seat" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "desk" VARCHAR(64) NOT NULL,
    "officer" VARCHAR(1415) NOT NULL,
    "officer_name" VARCHAR(1415) NOT NULL,
    "since" TIMESTAMP NOT NULL  /* Since when they have been there without a break, and until when they count as there. */,
    "here_until" TIMESTAMP NOT NULL,
    "away" INT NOT NULL  /* They have said that they are away. */,
    "most" INT   /* How many they may hold, where a lead has said so; None: the desk's number. */,
    "given_at" TIMESTAMP   /* When they last got one, by any way; never the same twice. */,
    CONSTRAINT "uid_desk_seat_desk_907bfe" UNIQUE ("desk", "officer")
);
CREATE INDEX "idx_desk_seat_here_un_4e7dc1" ON "desk_seat" ("here_until");
