-- After 0003_sealed_texts
CREATE TABLE "posting_conversation" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "case_id" CHAR(36) NOT NULL,
    "department" VARCHAR(64) NOT NULL  /* Whose staff look into a report. */,
    "unit" VARCHAR(64) NOT NULL,
    "poster" VARCHAR(255) NOT NULL  /* Subjects: whose posting it is, and who wrote first. */,
    "writer" VARCHAR(255) NOT NULL,
    "day" DATE NOT NULL  /* The writer's how-manieth conversation of that day it is: one number is given out once. */,
    "turn" SMALLINT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "last_at" TIMESTAMP NOT NULL,
    "poster_blocks" INT NOT NULL  /* Either side may end it for both, and take that back. */,
    "writer_blocks" INT NOT NULL,
    "reported_at" TIMESTAMP,
    "reported_by" VARCHAR(8) NOT NULL  /* poster or writer, and why. */,
    "report" VARCHAR(1000) NOT NULL,
    "reviewed_at" TIMESTAMP   /* Staff have looked into the report, and may have closed it for good. */,
    "reviewer" VARCHAR(255) NOT NULL,
    "closed_at" TIMESTAMP, "other_report" VARCHAR(1000) NOT NULL DEFAULT '', "other_reported_at" TIMESTAMP   /* Why the other side reported it too, before anybody had looked into the first report. */,
    CONSTRAINT "uid_posting_con_case_id_e09e0d" UNIQUE ("case_id", "writer"),
    CONSTRAINT "uid_posting_con_writer_9d249d" UNIQUE ("writer", "day", "turn")
);
CREATE INDEX "posting_conversation_poster" ON "posting_conversation" ("poster", "last_at", "id");
CREATE INDEX "posting_conversation_writer" ON "posting_conversation" ("writer", "last_at", "id");
CREATE INDEX "posting_conversation_reports" ON "posting_conversation" ("department", "reported_at", "id");
CREATE TABLE "posting_message" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "conversation_id" CHAR(36) NOT NULL,
    "side" VARCHAR(8) NOT NULL  /* poster or writer. */,
    "text" TEXT NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "person" VARCHAR(255) NOT NULL  /* The person's how-manieth message of that hour since 1970 it is: one number is given out once. */,
    "hour" INT NOT NULL,
    "turn" SMALLINT NOT NULL,
    CONSTRAINT "uid_posting_mes_person_f10599" UNIQUE ("person", "hour", "turn")
);
CREATE INDEX "posting_message_order" ON "posting_message" ("conversation_id", "id");
CREATE TABLE "posting_match" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "lost_id" CHAR(36) NOT NULL,
    "found_id" CHAR(36) NOT NULL,
    "likeness" SMALLINT NOT NULL  /* How alike they are, from 0 to 100. */,
    "at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_posting_mat_lost_id_472485" UNIQUE ("lost_id", "found_id")
);
CREATE INDEX "posting_match_found" ON "posting_match" ("found_id");
CREATE TABLE "posting" (
    "case_id" CHAR(36) NOT NULL  PRIMARY KEY,
    "item" VARCHAR(64) NOT NULL,
    "department" VARCHAR(64) NOT NULL,
    "sort" VARCHAR(16) NOT NULL  /* lost, found or missing-person. */,
    "state" VARCHAR(8) NOT NULL  /* waiting until somebody has looked at it, public, or ended. */,
    "title" VARCHAR(200) NOT NULL,
    "text" TEXT NOT NULL,
    "place" VARCHAR(200) NOT NULL,
    "day" DATE   /* The day on which it was lost or found, and GB\/T 2260 where. */,
    "division" VARCHAR(6) NOT NULL,
    "category" VARCHAR(64) NOT NULL,
    "colour" VARCHAR(64) NOT NULL,
    "brand" VARCHAR(64) NOT NULL,
    "facts" JSON NOT NULL  /* The values of the item's facts, by their pointers. */,
    "photos" JSON NOT NULL  /* The cleaned pictures: file, media type, size in pixels, digest. */,
    "terms" TEXT NOT NULL  /* The search terms of what is published, with a blank before, between and behind them. */,
    "published_at" TIMESTAMP,
    "expires_at" TIMESTAMP,
    "due_at" TIMESTAMP   /* When the keeper has to look at it: to remind its poster, and then to end it. */,
    "is_extended" INT NOT NULL,
    "ended_at" TIMESTAMP,
    "matched_at" TIMESTAMP   /* When it was compared with what others had posted by then. */
);
CREATE INDEX "posting_newest" ON "posting" ("state", "published_at", "case_id");
CREATE INDEX "posting_due" ON "posting" ("due_at");
CREATE INDEX "posting_compared" ON "posting" ("state", "sort", "category", "case_id");
