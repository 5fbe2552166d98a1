-- After 0002_failed_calls
CREATE TABLE "services_service" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "code" VARCHAR(64) NOT NULL UNIQUE,
    "department" VARCHAR(64) NOT NULL,
    "client" VARCHAR(32) NOT NULL  /* The client whose program registered it, by id and name. */,
    "client_name" VARCHAR(100) NOT NULL,
    "state" VARCHAR(10) NOT NULL  /* new, running, suspended, retired. */,
    "suspended_by" VARCHAR(8) NOT NULL  /* Who suspended it: client or staff. The other side can't resume it. */,
    "reason" TEXT NOT NULL  /* Why staff refused, suspended or retired it. */,
    "secret" TEXT NOT NULL  /* The signing secret, sealed, and the one before until it ends. */,
    "secret_before" TEXT NOT NULL,
    "before_ends_at" TIMESTAMP,
    "newest" INT NOT NULL  /* Number of the newest version, and of the one that staff approved last, or 0. */,
    "current" INT NOT NULL,
    "revision" INT NOT NULL  /* Counts up with each change, of its versions too: every process sees by the sum of all that something changed. */,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL
);
CREATE INDEX "idx_services_se_client_2a908e" ON "services_service" ("client");
CREATE INDEX "services_by_department" ON "services_service" ("department", "code");
CREATE TABLE "services_item" (
    "code" VARCHAR(64) NOT NULL  PRIMARY KEY,
    "service_id" CHAR(36) NOT NULL
);
CREATE INDEX "idx_services_it_service_ceb42c" ON "services_item" ("service_id");
CREATE TABLE "services_version" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "service_id" CHAR(36) NOT NULL,
    "number" INT NOT NULL,
    "state" VARCHAR(10) NOT NULL  /* registered, waiting, current, superseded, refused, replaced. */,
    "mode" VARCHAR(8) NOT NULL  /* The client's mode and team when it came: what staff approve stays as they approved it. */,
    "team" JSON NOT NULL,
    "endpoint" VARCHAR(2048) NOT NULL,
    "calls" JSON NOT NULL  /* The calls beside queries that the endpoint takes. */,
    "items" JSON NOT NULL,
    "registers" JSON NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "proven_at" TIMESTAMP,
    "decided_at" TIMESTAMP,
    "decided_by" VARCHAR(255) NOT NULL  /* Subject of the member of staff who approved or refused it. */,
    CONSTRAINT "uid_services_ve_service_c3371d" UNIQUE ("service_id", "number")
);
CREATE INDEX "services_version_state" ON "services_version" ("state", "id");
CREATE TABLE "services_taken" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "service_id" CHAR(36) NOT NULL,
    "webhook_id" VARCHAR(128) NOT NULL,
    "taken_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_services_ta_service_c9fdf9" UNIQUE ("service_id", "webhook_id")
);
CREATE INDEX "idx_services_ta_taken_a_ed230b" ON "services_taken" ("taken_at");
CREATE TABLE "services_failed_call" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "service_id" CHAR(36) NOT NULL,
    "version" INT NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "call" VARCHAR(16) NOT NULL  /* validate, review, claims, query or slots. */,
    "item" VARCHAR(64) NOT NULL,
    "webhook_id" VARCHAR(128) NOT NULL,
    "outcome" VARCHAR(8) NOT NULL  /* away or wrong. */,
    "status" SMALLINT   /* The HTTP status of the answer, where there was one. */,
    "reason" TEXT NOT NULL
);
CREATE INDEX "idx_services_fa_at_68a66c" ON "services_failed_call" ("at");
CREATE INDEX "services_failed_by_service" ON "services_failed_call" ("service_id", "id");
CREATE TABLE "services_owed_check" (
    "case_id" CHAR(36) NOT NULL  PRIMARY KEY,
    "at" TIMESTAMP NOT NULL
);
CREATE INDEX "idx_services_ow_at_afbe23" ON "services_owed_check" ("at");
