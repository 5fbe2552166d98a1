-- After 0003_team
CREATE TABLE "clients_access_token" (
    "digest" VARCHAR(64) NOT NULL  PRIMARY KEY /* SHA-256 of the token. */,
    "client" VARCHAR(32) NOT NULL,
    "scopes" JSON NOT NULL,
    "issued_at" TIMESTAMP NOT NULL,
    "expires_at" TIMESTAMP NOT NULL
);
CREATE INDEX "idx_clients_acc_client_0c7a26" ON "clients_access_token" ("client");
CREATE INDEX "idx_clients_acc_expires_2265a9" ON "clients_access_token" ("expires_at");
CREATE TABLE "clients_client" (
    "id" VARCHAR(32) NOT NULL  PRIMARY KEY,
    "name" VARCHAR(100) NOT NULL,
    "contact" VARCHAR(255) NOT NULL  /* Whom to call when the program does harm, for operators' eyes alone. */,
    "mode" VARCHAR(8) NOT NULL  /* test, team or live. */,
    "scopes" JSON NOT NULL  /* What it may ask for: verbs, or verbs within a department. */,
    "created_at" TIMESTAMP NOT NULL,
    "revoked_at" TIMESTAMP
, "team" JSON   /* Subjects of the people for whom it makes cases while it is of the mode team. */);
CREATE TABLE "clients_secret" (
    "digest" VARCHAR(64) NOT NULL  PRIMARY KEY /* SHA-256 of the secret, which has 256 random bits: nobody guesses it, so nothing slower is needed. */,
    "client" VARCHAR(32) NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "expires_at" TIMESTAMP   /* When it ends, None while it is the newest. */,
    "last_used_at" TIMESTAMP
);
CREATE INDEX "idx_clients_sec_client_862215" ON "clients_secret" ("client");
CREATE TABLE "clients_key" (
    "digest" VARCHAR(64) NOT NULL  PRIMARY KEY /* SHA-256 of the key. */,
    "name" VARCHAR(32) NOT NULL UNIQUE /* What operators call it. */,
    "client" VARCHAR(32) NOT NULL,
    "scopes" JSON NOT NULL  /* Of the client's scopes, those that the key allows. */,
    "created_at" TIMESTAMP NOT NULL,
    "revoked_at" TIMESTAMP,
    "last_used_at" TIMESTAMP   /* To the minute. */
);
CREATE INDEX "idx_clients_key_client_f67e4d" ON "clients_key" ("client");
