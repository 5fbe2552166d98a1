-- After 0001_initial
CREATE TABLE "road_event" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "version" INT NOT NULL  /* Counts up with each change: whoever changes it says which one they have read. */,
    "state" VARCHAR(16) NOT NULL  /* in-force (or to be), ended. */,
    "kind" VARCHAR(16) NOT NULL,
    "road" VARCHAR(120) NOT NULL,
    "division" VARCHAR(6) NOT NULL  /* GB\/T 2260, six digits. */,
    "geometry" JSON   /* A Point or LineString of GeoJSON (WGS 84); NULL where only the road's name is known. */,
    "details" JSON NOT NULL  /* What else `event.json` has. */,
    "starts_at" TIMESTAMP NOT NULL,
    "ends_at" TIMESTAMP   /* NULL: nobody knows. */,
    "checked_at" TIMESTAMP NOT NULL  /* When somebody last said that it is so. */,
    "asks_at" TIMESTAMP   /* When its author is asked whether it still is; when they were; and whether nobody has answered. */,
    "asked_at" TIMESTAMP,
    "is_stale" INT NOT NULL,
    "author" VARCHAR(255) NOT NULL  /* The subject of the officer who answers for it. */,
    "report" CHAR(36)   /* The citizen's report that it came from. */,
    "alert" CHAR(36)   /* The alert that was drafted of it. */,
    "updated_at" TIMESTAMP NOT NULL
);
CREATE INDEX "idx_road_event_updated_3dc311" ON "road_event" ("updated_at");
CREATE INDEX "road_event_end" ON "road_event" ("state", "ends_at");
CREATE INDEX "road_event_ask" ON "road_event" ("state", "asks_at");
CREATE INDEX "road_event_road" ON "road_event" ("state", "division", "road");
CREATE INDEX "road_event_name" ON "road_event" ("road");
CREATE TABLE "road_change" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "version" INT NOT NULL,
    "what" VARCHAR(16) NOT NULL  /* published, changed, held, asked, alerted, stale, ended. */,
    "division" VARCHAR(6) NOT NULL  /* The event's, whose followers are told; `STAFF` where that is nobody else's. */,
    "by" VARCHAR(255) NOT NULL  /* The officer's subject; "" for the platform. */,
    "at" TIMESTAMP NOT NULL,
    "event_id" CHAR(36) NOT NULL REFERENCES "road_event" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_road_change_event_i_d1cc65" ON "road_change" ("event_id");
CREATE TABLE "road_follower" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "person" VARCHAR(1415) NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "about" VARCHAR(120) NOT NULL  /* The road's name or the district's code (GB\/T 2260); "" for all. */,
    CONSTRAINT "uid_road_follow_person_de4e43" UNIQUE ("person", "about")
);
CREATE INDEX "idx_road_follow_about_c5fff1" ON "road_follower" ("about");
CREATE TABLE "road_way" (
    "id" VARCHAR(127) NOT NULL  PRIMARY KEY /* Division and road, with a blank between them. */,
    "turn" INT NOT NULL
);
