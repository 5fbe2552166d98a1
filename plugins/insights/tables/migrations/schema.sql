-- After 0001_initial
CREATE TABLE "insights_count" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "source" VARCHAR(32) NOT NULL  /* cases, appeals, postings, look-ups, or the name of an import. */,
    "batch" BIGINT NOT NULL  /* Which file it is of: the later one has the larger number; 0 for what is counted here. */,
    "category" VARCHAR(64) NOT NULL,
    "division" VARCHAR(12) NOT NULL  /* GB\/T 2260, 6, 9 or 12 digits; "" for the whole city. */,
    "day" DATE NOT NULL,
    "grain" VARCHAR(4) NOT NULL  /* day or week. */,
    "line" INT NOT NULL  /* Its line in the file; 0 for what is counted here. */,
    "count" INT   /* NULL where nobody knows: a gap. */,
    "loss" BIGINT   /* Yuan in all, and of the largest single one; deaths. NULL where nobody told of them. */,
    "largest_loss" BIGINT,
    "deaths" INT,
    CONSTRAINT "uid_insights_co_source_3362fd" UNIQUE ("source", "batch", "category", "division", "day", "grain", "line")
);
CREATE INDEX "insights_count_day" ON "insights_count" ("grain", "day");
CREATE TABLE "insights_source" (
    "name" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "batch" BIGINT NOT NULL,
    "file" VARCHAR(255) NOT NULL  /* The file's own name, for whoever operates it. */,
    "grain" VARCHAR(4) NOT NULL  /* day, or week where it tells of no days. */,
    "rule" VARCHAR(64) NOT NULL  /* A digest of what is counted, where, and by whose days; with another one all is counted anew. "" for files. */,
    "since" DATE NOT NULL  /* The first and the last day that it tells of. */,
    "until" DATE NOT NULL,
    "gaps" JSON NOT NULL  /* The Mondays of weeks between in which a file has no line at all: nobody knows what was in them. */,
    "updated_at" TIMESTAMP NOT NULL
);
