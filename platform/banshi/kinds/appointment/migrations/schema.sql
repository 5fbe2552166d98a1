-- After 0002_sealed_texts
CREATE TABLE "appointment_booking" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL /* Counts up: who joined a waiting list first has the smaller one. */,
    "case_id" CHAR(36) NOT NULL UNIQUE,
    "item" VARCHAR(64) NOT NULL,
    "person" VARCHAR(255) NOT NULL,
    "slot_id" CHAR(36) NOT NULL,
    "place" VARCHAR(64) NOT NULL,
    "begins" TIMESTAMP NOT NULL,
    "ends" TIMESTAMP NOT NULL,
    "state" VARCHAR(8) NOT NULL  /* taken, waiting, offered, entered (a draw), over. */,
    "internal" INT NOT NULL  /* In one of the places that are staff's to give. */,
    "seat" SMALLINT   /* Which of the person's appointments it is, and which of their waiting lists and draws, each from 1 to the limit. */,
    "turn" SMALLINT,
    "live" SMALLINT   /* 1, or NULL once it is over: nobody is in a slot twice. */,
    "drawn" INT NOT NULL  /* Place in the draw's order, the first is 0. */,
    "ticket" VARCHAR(16) NOT NULL  /* What the draw and its public list call the person, and what the QR code at the counter says. */,
    "code" VARCHAR(32) NOT NULL UNIQUE,
    "until" TIMESTAMP   /* Until when an offered place is kept. */,
    "sequence" INT NOT NULL  /* How often the calendar entry has changed (RFC 5545, SEQUENCE). */,
    "reminded_at" TIMESTAMP,
    "checked_in_at" TIMESTAMP,
    "missed_at" TIMESTAMP,
    CONSTRAINT "uid_appointment_item_39c1f0" UNIQUE ("item", "person", "seat"),
    CONSTRAINT "uid_appointment_item_925e88" UNIQUE ("item", "person", "turn"),
    CONSTRAINT "uid_appointment_slot_id_7e231c" UNIQUE ("slot_id", "person", "live")
);
CREATE INDEX "appointment_booking_queue" ON "appointment_booking" ("slot_id", "state", "drawn", "id");
CREATE INDEX "appointment_booking_due" ON "appointment_booking" ("state", "ends");
CREATE INDEX "appointment_booking_missed" ON "appointment_booking" ("item", "person", "missed_at");
CREATE TABLE "appointment_hold" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "item" VARCHAR(64) NOT NULL,
    "person" VARCHAR(255) NOT NULL,
    "slot_id" CHAR(36) NOT NULL,
    "live" SMALLINT   /* 1, or NULL once it was used or given back: one person holds one place of an item. */,
    "expires_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_appointment_item_b31d3f" UNIQUE ("item", "person", "live")
);
CREATE INDEX "appointment_hold_due" ON "appointment_hold" ("live", "expires_at");
CREATE TABLE "appointment_slot" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "item" VARCHAR(64) NOT NULL,
    "place" VARCHAR(64) NOT NULL  /* The code of one of the item's places. */,
    "begins" TIMESTAMP NOT NULL,
    "ends" TIMESTAMP NOT NULL,
    "opens_at" TIMESTAMP NOT NULL  /* From when on it can be taken. */,
    "capacity" INT NOT NULL,
    "taken" INT NOT NULL,
    "internal" INT NOT NULL  /* The same for those whom staff put there. */,
    "taken_internal" INT NOT NULL,
    "waiting" INT NOT NULL  /* People on its waiting list. While there are any, a free place is theirs. */,
    "is_open" INT NOT NULL  /* False where the opening hours no longer have it: nobody new comes in, whoever is in it stays. */,
    "draw_at" TIMESTAMP   /* When it is drawn, where it is. How far that is: open (people enter), running, done. */,
    "draw" VARCHAR(8) NOT NULL,
    "seed" VARCHAR(64) NOT NULL  /* Hexadecimal. Its SHA-256 is public from the beginning, itself after the draw. */,
    CONSTRAINT "uid_appointment_item_a5bcc4" UNIQUE ("item", "place", "begins")
);
CREATE INDEX "appointment_slot_day" ON "appointment_slot" ("item", "begins", "id");
CREATE INDEX "appointment_slot_waiting" ON "appointment_slot" ("waiting", "begins");
CREATE INDEX "appointment_slot_draw" ON "appointment_slot" ("draw", "draw_at");
