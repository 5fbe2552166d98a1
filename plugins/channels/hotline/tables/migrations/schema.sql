-- After 0002_hands
CREATE TABLE "hotline_call" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "ref" VARCHAR(128) NOT NULL UNIQUE /* The switch's own name of it. */,
    "line" VARCHAR(64) NOT NULL  /* The number that was dialled, and the desk to which it leads. */,
    "desk" VARCHAR(64) NOT NULL,
    "caller_id" CHAR(36)   /* None for a hidden number. */,
    "person" VARCHAR(1415) NOT NULL  /* The citizen, once they have proved themselves in this call, and what their sign-in says. */,
    "known" JSON NOT NULL,
    "rang_at" TIMESTAMP   /* The first of each, in whatever order they are told. */,
    "answered_at" TIMESTAMP,
    "ended_at" TIMESTAMP,
    "agent" VARCHAR(1415) NOT NULL  /* Who of the staff has picked it up, the last one, as the switch says, and when; "" where it doesn't. */,
    "agent_at" TIMESTAMP,
    "put_at" TIMESTAMP   /* That moment once more, when the desk has been told: what is told again takes it from nobody. */,
    "recording" VARCHAR(1415) NOT NULL  /* Where it is recorded, and the sound's SHA-256; the sound is nowhere here. */,
    "sha256" VARCHAR(64) NOT NULL,
    "enquiry_id" CHAR(36)   /* Its enquiry at the desk; None for one that was over before it was told of. */,
    "outcome" VARCHAR(16) NOT NULL  /* answered, filed, transferred, emergency, nuisance or dropped; "" until its operator says so. */,
    "note" TEXT NOT NULL,
    "operator" VARCHAR(1415) NOT NULL,
    "version" INT NOT NULL  /* Counts the changes. */,
    "at" TIMESTAMP NOT NULL
);
CREATE INDEX "idx_hotline_cal_caller__231fe3" ON "hotline_call" ("caller_id");
CREATE INDEX "idx_hotline_cal_person_001202" ON "hotline_call" ("person");
CREATE INDEX "idx_hotline_cal_at_f65c14" ON "hotline_call" ("at");
CREATE TABLE "hotline_call_back" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "key" VARCHAR(128)  UNIQUE /* What there is one of at a time; None once it is over. */,
    "caller_id" CHAR(36) NOT NULL,
    "desk" VARCHAR(64) NOT NULL,
    "why" VARCHAR(8) NOT NULL  /* missed, promised, or rating (how the answer to their case was). */,
    "call_id" CHAR(36)   /* The call that it came of, the last one; and the case that is asked about. */,
    "case_id" CHAR(36),
    "calls" INT NOT NULL  /* Calls of theirs that nobody has answered meanwhile. */,
    "begins" TIMESTAMP NOT NULL  /* Between which moments they were told to be called. */,
    "until" TIMESTAMP NOT NULL,
    "state" VARCHAR(10) NOT NULL  /* due, held, reached, given-up, or taken-back (the call was answered after all). */,
    "officer" VARCHAR(1415) NOT NULL,
    "lease_until" TIMESTAMP,
    "tries" INT NOT NULL,
    "note" TEXT NOT NULL,
    "log" JSON NOT NULL  /* Who of the staff has seen the number, when, and what came of it. */,
    "stars" INT   /* 1 to 5, of a satisfaction call. */,
    "closed_at" TIMESTAMP,
    "at" TIMESTAMP NOT NULL
);
CREATE INDEX "idx_hotline_cal_caller__52c89d" ON "hotline_call_back" ("caller_id");
CREATE INDEX "idx_hotline_cal_at_6c98f9" ON "hotline_call_back" ("at");
CREATE INDEX "hotline_call_back_queue" ON "hotline_call_back" ("desk", "state", "until");
CREATE TABLE "hotline_caller" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "key" VARCHAR(64) NOT NULL UNIQUE /* A keyed hash of the number: who is met again is found by it. */,
    "number" VARCHAR(396) NOT NULL  /* With its country; sealed. */,
    "at" TIMESTAMP NOT NULL
);
CREATE TABLE "hotline_filing" ("id" CHAR(36) NOT NULL  PRIMARY KEY, "slip" VARCHAR(64) NOT NULL UNIQUE, "caller_id" CHAR(36) NOT NULL, "person" VARCHAR(1415) NOT NULL, "call_id" CHAR(36), "desk" VARCHAR(64) NOT NULL, "item" VARCHAR(64) NOT NULL, "case_id" CHAR(36), "state" VARCHAR(9) NOT NULL, "answers" JSON, "officer" VARCHAR(1415) NOT NULL, "officer_name" VARCHAR(1415) NOT NULL, "identified" VARCHAR(4) NOT NULL, "relation" VARCHAR(8) NOT NULL, "consent" VARCHAR(32) NOT NULL, "consented_at" TIMESTAMP NOT NULL, "read_back_at" TIMESTAMP NOT NULL, "texts" INT NOT NULL, "withdrawn_at" TIMESTAMP, "at" TIMESTAMP NOT NULL, "hands" JSON);
CREATE INDEX "idx_hotline_fil_caller__d6703b" ON "hotline_filing" ("caller_id");
CREATE INDEX "idx_hotline_fil_person_2edaae" ON "hotline_filing" ("person");
CREATE INDEX "idx_hotline_fil_case_id_612704" ON "hotline_filing" ("case_id");
