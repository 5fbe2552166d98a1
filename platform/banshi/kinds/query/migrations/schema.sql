-- After 0003_look_ups_by_chat
CREATE TABLE "query_allowance" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY /* Hash of the asker and the item. */,
    "since" BIGINT NOT NULL  /* Milliseconds since 1970 at which the hour began. */,
    "used" INT NOT NULL,
    "spent" INT NOT NULL  /* Those that found nothing, and those whose answer isn't there yet. */,
    "waiting" INT NOT NULL  /* Those whose answer isn't there yet. */
);
CREATE INDEX "idx_query_allow_since_0ece4b" ON "query_allowance" ("since");
CREATE TABLE "query_batch" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "register" VARCHAR(64) NOT NULL,
    "file" VARCHAR(255) NOT NULL  /* Name of the file, for whoever operates it. */,
    "rows" INT NOT NULL,
    "as_of" TIMESTAMP NOT NULL  /* The time that the data are from. */,
    "sample" INT NOT NULL  /* Made up, for development. */,
    "key_id" VARCHAR(16) NOT NULL  /* Which key its rows were hashed with. */,
    "started_at" TIMESTAMP NOT NULL
);
CREATE INDEX "idx_query_batch_registe_eb62d0" ON "query_batch" ("register");
CREATE TABLE "query_look_up" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "item" VARCHAR(64) NOT NULL,
    "department" VARCHAR(64) NOT NULL,
    "register" VARCHAR(64) NOT NULL,
    "asker" VARCHAR(255) NOT NULL  /* The asker's subject. */,
    "staff" INT NOT NULL  /* A member of the department's staff, at the counter. */,
    "purpose" VARCHAR(200) NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "found" INT   /* Records that were shown, or None where the register gave no answer. */
, "channel" VARCHAR(32) NOT NULL  /* The channel of the chat that asked for them, such as `wechat`; "" where they asked themselves. */ DEFAULT '');
CREATE INDEX "idx_query_look__at_be8038" ON "query_look_up" ("at");
CREATE TABLE "query_look_up_person" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "about" VARCHAR(32) NOT NULL,
    "look_up_id" CHAR(36) NOT NULL REFERENCES "query_look_up" ("id") ON DELETE CASCADE
);
CREATE INDEX "query_look_up_about" ON "query_look_up_person" ("about", "id");
CREATE TABLE "query_record" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "batch" BIGINT NOT NULL,
    "key" VARCHAR(32) NOT NULL,
    "owner" VARCHAR(32) NOT NULL  /* "" where the record is about nobody. */,
    "line" INT NOT NULL  /* Its line in the file. */,
    "data" JSON NOT NULL
);
CREATE INDEX "query_record_key" ON "query_record" ("batch", "key", "line");
CREATE TABLE "query_register" (
    "code" VARCHAR(64) NOT NULL  PRIMARY KEY,
    "batch" BIGINT NOT NULL
);
