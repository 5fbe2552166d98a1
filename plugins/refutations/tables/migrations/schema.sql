-- After 0001_initial
CREATE TABLE "refutations_edition" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "refutation_id" CHAR(36) NOT NULL,
    "number" INT NOT NULL,
    "words" JSON NOT NULL,
    "at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_refutations_refutat_f2de59" UNIQUE ("refutation_id", "number")
);
CREATE TABLE "refutations_hearer" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "person" VARCHAR(1415) NOT NULL,
    "about" VARCHAR(36) NOT NULL  /* The record's id; "" for whoever follows all; `muted` where they want to hear of it no more. */,
    "case_id" CHAR(36)   /* The case in which they asked. */,
    "at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_refutations_person_7d7eff" UNIQUE ("person", "about")
);
CREATE INDEX "idx_refutations_about_4c3d07" ON "refutations_hearer" ("about");
CREATE TABLE "refutations_record" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "number" VARCHAR(16) NOT NULL  /* Such as 2026-17, given with the first edition; "" before. */,
    "department" VARCHAR(64) NOT NULL,
    "state" VARCHAR(24) NOT NULL,
    "version" INT NOT NULL  /* Counts everything that was done with it. */,
    "edition" INT NOT NULL  /* The edition that anybody reads; 0 before the first. */,
    "draft" JSON   /* What the next edition says, as it is being written (`writing.forms`); NULL where nobody writes one. */,
    "created_at" TIMESTAMP NOT NULL,
    "due_at" TIMESTAMP NOT NULL  /* Until when the first edition is to be public. */,
    "published_at" TIMESTAMP   /* When the first and the newest edition became public. */,
    "updated_at" TIMESTAMP
);
CREATE INDEX "refutations_record_state" ON "refutations_record" ("state", "updated_at");
CREATE TABLE "refutations_step" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "refutation_id" CHAR(36) NOT NULL,
    "version" INT NOT NULL  /* The record's version from this step on, and the edition that it is about. */,
    "edition" INT NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "action" VARCHAR(16) NOT NULL,
    "state" VARCHAR(24) NOT NULL,
    "actor" VARCHAR(255) NOT NULL  /* Subject of the member of staff. */,
    "reason" TEXT NOT NULL,
    CONSTRAINT "uid_refutations_refutat_9985d8" UNIQUE ("refutation_id", "version")
);
