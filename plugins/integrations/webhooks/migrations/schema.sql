-- After 0001_initial
CREATE TABLE "webhooks_delivery" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "subscription" CHAR(36) NOT NULL,
    "seq" BIGINT NOT NULL  /* The event's number, a batch's first and last, and how many events these are. */,
    "last_seq" BIGINT NOT NULL,
    "events" INT NOT NULL,
    "event" VARCHAR(64) NOT NULL,
    "subject" VARCHAR(128) NOT NULL,
    "state" VARCHAR(10) NOT NULL  /* waiting, delivered or failed. */,
    "tries" INT NOT NULL,
    "next_at" BIGINT NOT NULL  /* When it is tried next, when it was first and last tried. */,
    "since" BIGINT NOT NULL,
    "at" BIGINT NOT NULL,
    "status" SMALLINT   /* What the last try ended with: an HTTP status where there was one, a word, and milliseconds. */,
    "code" VARCHAR(32) NOT NULL,
    "took" INT NOT NULL,
    CONSTRAINT "uid_webhooks_de_subscri_1806d0" UNIQUE ("subscription", "seq")
);
CREATE INDEX "idx_webhooks_de_at_18fc53" ON "webhooks_delivery" ("at");
CREATE INDEX "webhooks_delivery_state" ON "webhooks_delivery" ("subscription", "state", "seq");
CREATE TABLE "webhooks_event" (
    "seq" BIGINT NOT NULL  PRIMARY KEY,
    "event" VARCHAR(64) NOT NULL UNIQUE,
    "type" VARCHAR(100) NOT NULL,
    "department" VARCHAR(64) NOT NULL,
    "item" VARCHAR(64) NOT NULL,
    "client" VARCHAR(32) NOT NULL  /* The one client that it is for, "" for all. */,
    "subject" VARCHAR(128) NOT NULL  /* What it happened to: the events of one are delivered in order. */,
    "at" BIGINT NOT NULL,
    "document" TEXT NOT NULL  /* The CloudEvent as JSON. */
);
CREATE INDEX "idx_webhooks_ev_at_358370" ON "webhooks_event" ("at");
CREATE TABLE "webhooks_replay" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "subscription" CHAR(36) NOT NULL,
    "begins" BIGINT NOT NULL  /* The moments, and the numbers between which their events are. */,
    "ends" BIGINT NOT NULL,
    "until" BIGINT NOT NULL,
    "position" BIGINT NOT NULL,
    "state" VARCHAR(8) NOT NULL  /* due or done. */,
    "created_at" TIMESTAMP NOT NULL
);
CREATE INDEX "idx_webhooks_re_subscri_a8551f" ON "webhooks_replay" ("subscription");
CREATE TABLE "webhooks_sender" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "seen" BIGINT NOT NULL
);
CREATE TABLE "webhooks_subscription" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "client" VARCHAR(32) NOT NULL,
    "name" VARCHAR(100) NOT NULL,
    "url" TEXT NOT NULL,
    "mode" VARCHAR(12) NOT NULL  /* structured, binary or batch. */,
    "types" JSON NOT NULL  /* Which events, each an empty list for all that the scopes allow. */,
    "departments" JSON NOT NULL,
    "items" JSON NOT NULL,
    "scopes" JSON NOT NULL  /* The scopes of the token that made or last changed it. What the client may no more is not sent either. */,
    "secrets" JSON NOT NULL  /* The newest first, each {"secret", "until"}, sealed: those before sign beside it until then. */,
    "state" VARCHAR(10) NOT NULL  /* unproven, active, paused or disabled, and why it is not active. */,
    "reason" VARCHAR(200) NOT NULL,
    "pace" INT   /* Requests a minute that the receiver allows, None for any number. */,
    "version" INT NOT NULL  /* Counts what its client changes: of two changes at once one wins. */,
    "created_at" TIMESTAMP NOT NULL,
    "position" BIGINT NOT NULL  /* Every event up to this one was delivered, waits in a row of its own, or is not for this receiver. */,
    "failures" INT NOT NULL  /* Failures in a row with no success between, since when, how often it was left alone, and until when it is. */,
    "failing_since" BIGINT,
    "rests" INT NOT NULL,
    "rest_until" BIGINT NOT NULL,
    "taken_at" BIGINT   /* When it last took something, and what the last request ended with. */,
    "tried_at" BIGINT,
    "code" VARCHAR(32) NOT NULL,
    "lease_until" BIGINT NOT NULL  /* One process at a time sends to it. The term counts the leases and is the fencing token. */,
    "term" INT NOT NULL
);
CREATE INDEX "idx_webhooks_su_client_cb8e5f" ON "webhooks_subscription" ("client");
CREATE INDEX "webhooks_subscription_free" ON "webhooks_subscription" ("state", "lease_until");
CREATE TABLE "webhooks_top" (
    "name" VARCHAR(16) NOT NULL  PRIMARY KEY,
    "value" BIGINT NOT NULL
);
