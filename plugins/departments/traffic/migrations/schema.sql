-- After 0001_initial
CREATE TABLE "traffic_zone_closure" (
    "zone" VARCHAR(8) NOT NULL  PRIMARY KEY,
    "reason" VARCHAR(500) NOT NULL,
    "closed_at" TIMESTAMP NOT NULL,
    "closed_by" VARCHAR(255) NOT NULL,
    "passes_revoked_at" TIMESTAMP   /* When the last pass for it was revoked, None while that is still under way. */
);
