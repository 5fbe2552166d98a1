-- After 0002_sealed_texts
CREATE TABLE "open311_request" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "service_code" VARCHAR(64) NOT NULL,
    "client" VARCHAR(32) NOT NULL  /* The client's id. */,
    "requested_at" TIMESTAMP NOT NULL,
    "fingerprint" VARCHAR(64) NOT NULL  /* SHA-256 of what was sent, by whom. The same again on one day is the same request. */,
    "day" DATE NOT NULL,
    "address" VARCHAR(500) NOT NULL,
    "address_id" VARCHAR(200) NOT NULL,
    "latitude" REAL   /* WGS 84, in degrees. */,
    "longitude" REAL,
    "description" TEXT NOT NULL,
    "media_url" VARCHAR(2000) NOT NULL  /* Never fetched from here. */,
    "contact" JSON NOT NULL  /* Who it is for, as the client says. Only the staff of the case ever see it. */,
    "case_id" CHAR(36) NOT NULL UNIQUE REFERENCES "banshi_case" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_open311_req_fingerp_83888a" UNIQUE ("fingerprint", "day")
);
CREATE INDEX "open311_requested" ON "open311_request" ("requested_at", "id");
