-- After 0004_orders
CREATE TABLE "appeal" (
    "case_id" CHAR(36) NOT NULL  PRIMARY KEY,
    "sort" VARCHAR(16) NOT NULL,
    "category" VARCHAR(64) NOT NULL  /* One of the item's categories, or empty until a person has read it. */,
    "received_at" TIMESTAMP NOT NULL,
    "merged_into" CHAR(36)   /* The appeal that says the same, and is answered for both. */,
    "rating" SMALLINT   /* The citizen's stars for the first answer, from 1 to 5. */,
    "rating_text" VARCHAR(1000) NOT NULL,
    "rated_at" TIMESTAMP
, "urged" INT NOT NULL  /* How often it was urged, and when last. */ DEFAULT 0, "urged_at" TIMESTAMP);
CREATE INDEX "appeal_received" ON "appeal" ("merged_into", "received_at");
CREATE TABLE "appeal_reply" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "case_id" CHAR(36) NOT NULL,
    "number" SMALLINT NOT NULL  /* 1 or 2. */,
    "text" TEXT NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "on_time" INT NOT NULL  /* Whether it came by the day that was promised. */,
    CONSTRAINT "uid_appeal_repl_case_id_6881b2" UNIQUE ("case_id", "number")
);
CREATE TABLE "appeal_letter" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "case_id" CHAR(36) NOT NULL,
    "number" SMALLINT NOT NULL,
    "by" VARCHAR(8) NOT NULL  /* citizen or staff. */,
    "text" TEXT NOT NULL,
    "files" JSON NOT NULL  /* The ids of the attachments that came with it. */,
    "at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_appeal_lett_case_id_7bcc7e" UNIQUE ("case_id", "number")
);
CREATE TABLE "appeal_tip_code" (
    "id" VARCHAR(64) NOT NULL  PRIMARY KEY /* SHA-256 of the code. */,
    "case_id" CHAR(36) NOT NULL UNIQUE
);
CREATE INDEX "appeal_rated" ON "appeal" ("rated_at");
