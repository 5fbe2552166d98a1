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
CREATE TABLE "insights_finding" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY /* Made of the series and the period. */,
    "category" VARCHAR(64) NOT NULL,
    "division" VARCHAR(12) NOT NULL  /* Where it was counted, and where it is told of: the division over it where fewer than five are recognised. */,
    "area" VARCHAR(12) NOT NULL,
    "department" VARCHAR(64) NOT NULL,
    "level" VARCHAR(8) NOT NULL  /* hint, warn or urgent. */,
    "grain" VARCHAR(4) NOT NULL  /* week or day, and its first day. */,
    "at" DATE NOT NULL,
    "count" INT NOT NULL,
    "loss" BIGINT,
    "deaths" INT,
    "facts" JSON NOT NULL  /* Why it is told, as `weekly` and `urgent` write it. */,
    "state" VARCHAR(12) NOT NULL  /* open, drafted, dismissed, silenced, or withdrawn since its figure was corrected. */,
    "version" INT NOT NULL,
    "until" DATE   /* Of a dismissed one: until when its series isn't told again, and the most that isn't all the same. */,
    "unless_over" INT,
    "silenced_by" CHAR(36)   /* The dismissed one that silenced it. */,
    "draft_kind" VARCHAR(8) NOT NULL  /* The warning that was drafted: notice or alert, and its id. */,
    "draft_id" CHAR(36),
    "found_at" TIMESTAMP NOT NULL
);
CREATE INDEX "insights_finding_list" ON "insights_finding" ("department", "found_at", "id");
CREATE TABLE "insights_finding_step" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "finding_id" CHAR(36) NOT NULL,
    "version" INT NOT NULL  /* The finding's version from this step on. */,
    "at" TIMESTAMP NOT NULL,
    "action" VARCHAR(16) NOT NULL,
    "state" VARCHAR(12) NOT NULL,
    "actor" VARCHAR(255) NOT NULL  /* Subject of the member of staff. */,
    "reason" TEXT NOT NULL,
    CONSTRAINT "uid_insights_fi_finding_7c314f" UNIQUE ("finding_id", "version")
);
CREATE TABLE "insights_judged" (
    "series" VARCHAR(72) NOT NULL  PRIMARY KEY /* Category and grain. */,
    "until" DATE NOT NULL
);
CREATE TABLE "insights_open_week" (
    "week" DATE NOT NULL  PRIMARY KEY /* Its Monday. */,
    "groups" JSON NOT NULL  /* Each category with its group, "" where it has none. */,
    "figures" JSON NOT NULL  /* Division → category or group → figure, or null where it is hidden; "all" is the sum over all of them. */,
    "published_at" TIMESTAMP NOT NULL
);
