-- After 0001_initial
CREATE TABLE "insights_count" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "source" VARCHAR(32) NOT NULL  /* cases, appeals, postings, look-ups, or the name of an import. */,
    "batch" BIGINT NOT NULL  /* Which file it is of; 0 for what is counted here. */,
    "category" VARCHAR(64) NOT NULL,
    "division" VARCHAR(12) NOT NULL  /* GB\/T 2260, 6, 9 or 12 digits; "" for the whole city. */,
    "day" DATE NOT NULL,
    "grain" VARCHAR(4) NOT NULL  /* day or week. */,
    "count" INT   /* NULL where nobody knows: a gap. */,
    "loss" BIGINT   /* Yuan in all, and of the largest single one; deaths. NULL where nobody told of them. */,
    "largest_loss" BIGINT,
    "deaths" INT,
    CONSTRAINT "uid_insights_co_source_155992" UNIQUE ("source", "batch", "category", "division", "day", "grain")
);
CREATE INDEX "insights_count_day" ON "insights_count" ("grain", "day");
CREATE TABLE "insights_batch" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" VARCHAR(32) NOT NULL,
    "file" VARCHAR(255) NOT NULL  /* The file's own name, for whoever operates it. */,
    "rows" INT NOT NULL,
    "sample" INT NOT NULL  /* Made up, for development. */,
    "as_of" TIMESTAMP NOT NULL  /* The time that the figures are from. */,
    "started_at" TIMESTAMP NOT NULL
);
CREATE INDEX "idx_insights_ba_name_160a49" ON "insights_batch" ("name");
CREATE TABLE "insights_source" (
    "name" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "batch" BIGINT NOT NULL,
    "zone" VARCHAR(64) NOT NULL  /* The city's time zone by which its days were counted; another one has them counted anew. */,
    "since" DATE   /* The first and the last day that it tells of. */,
    "until" DATE,
    "updated_at" TIMESTAMP NOT NULL
);
