-- After 0003_alert
CREATE TABLE "wechat_quota" (
    "key" VARCHAR(128) NOT NULL  PRIMARY KEY /* The account's name and what is counted, such as `wechat:wx1234\/force-token`. */,
    "period" VARCHAR(10) NOT NULL  /* The day or the month in Beijing; another one begins at nought. */,
    "used" INT NOT NULL,
    "spent_at" BIGINT NOT NULL  /* When it was last spent: milliseconds of the database's clock. */
);
CREATE TABLE "wechat_notice" ("id" CHAR(36) NOT NULL  PRIMARY KEY, "key" VARCHAR(32) NOT NULL UNIQUE, "account" VARCHAR(100) NOT NULL, "conversation_id" CHAR(36) NOT NULL, "person" VARCHAR(1415) NOT NULL, "words" TEXT NOT NULL, "state" VARCHAR(16) NOT NULL, "code" VARCHAR(64) NOT NULL, "provider_id" VARCHAR(64) NOT NULL, "at" TIMESTAMP NOT NULL, "alert" VARCHAR(64) NOT NULL, "until" TIMESTAMP);
CREATE INDEX "idx_wechat_noti_person_6266b4" ON "wechat_notice" ("person");
CREATE INDEX "idx_wechat_noti_provide_fdf4a5" ON "wechat_notice" ("provider_id");
CREATE INDEX "idx_wechat_noti_at_c8e574" ON "wechat_notice" ("at");
CREATE INDEX "idx_wechat_noti_alert_45c52f" ON "wechat_notice" ("alert");
