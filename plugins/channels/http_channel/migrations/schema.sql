-- After 0001_initial
CREATE TABLE "http_channel_channel" (
    "name" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "client" VARCHAR(32) NOT NULL,
    "title" JSON NOT NULL  /* What people call it, by language: a sign-in page shows it. */,
    "endpoint" VARCHAR(2048) NOT NULL,
    "secret" TEXT NOT NULL  /* It signs our calls; sealed. */,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "ended_at" TIMESTAMP   /* Since when nothing is taken from it and nothing said on it; none while it runs. */
);
CREATE INDEX "idx_http_channe_client_e440ca" ON "http_channel_channel" ("client");
