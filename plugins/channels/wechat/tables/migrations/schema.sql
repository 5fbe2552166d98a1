-- After 0006_told
CREATE TABLE "wechat_quota" (
    "key" VARCHAR(128) NOT NULL  PRIMARY KEY /* The account's name and what is counted, such as `wechat:wx1234\/force-token`. */,
    "period" VARCHAR(10) NOT NULL  /* The day or the month in Beijing; another one begins at nought. */,
    "used" INT NOT NULL,
    "spent_at" BIGINT NOT NULL  /* When it was last spent: milliseconds of the database's clock. */
);
CREATE TABLE "wechat_notice" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "key" VARCHAR(32) NOT NULL UNIQUE /* A digest of the message and the contact: the same is told once. */,
    "account" VARCHAR(100) NOT NULL,
    "conversation_id" CHAR(36) NOT NULL  /* Of the contact's conversation, which may be gone. */,
    "person" VARCHAR(1415) NOT NULL,
    "words" TEXT NOT NULL  /* What is said in the chat where WeChat doesn't take it. */,
    "state" VARCHAR(16) NOT NULL  /* waiting, sending, accepted, delivered, unknown, or said in the chat. */,
    "code" VARCHAR(64) NOT NULL  /* WeChat's code or word, where it didn't take it; and its id of what it has taken. */,
    "provider_id" VARCHAR(64) NOT NULL,
    "at" TIMESTAMP NOT NULL
, "alert" VARCHAR(64) NOT NULL  /* The alert that it tells of; "" for none. */ DEFAULT '', "until" TIMESTAMP   /* When it isn't worth telling any more. */);
CREATE INDEX "idx_wechat_noti_person_6266b4" ON "wechat_notice" ("person");
CREATE INDEX "idx_wechat_noti_provide_fdf4a5" ON "wechat_notice" ("provider_id");
CREATE INDEX "idx_wechat_noti_at_c8e574" ON "wechat_notice" ("at");
CREATE INDEX "idx_wechat_noti_alert_45c52f" ON "wechat_notice" ("alert");
CREATE TABLE "wechat_outcome" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "account" VARCHAR(100) NOT NULL,
    "provider_id" VARCHAR(72) NOT NULL  /* WeChat's id of the message (of an article behind `article-`), and its word: `success`, or why not. */,
    "status" VARCHAR(64) NOT NULL,
    "at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_wechat_outc_account_e04517" UNIQUE ("account", "provider_id")
);
CREATE INDEX "idx_wechat_outc_at_46fd54" ON "wechat_outcome" ("at");
CREATE TABLE "wechat_consent" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "account" VARCHAR(100) NOT NULL,
    "conversation_id" CHAR(36) NOT NULL  /* Of the contact's conversation, which may be gone. */,
    "template" VARCHAR(64) NOT NULL,
    "left" INT NOT NULL,
    "at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_wechat_cons_account_2506e0" UNIQUE ("account", "conversation_id", "template")
);
CREATE INDEX "idx_wechat_cons_at_c36fc2" ON "wechat_consent" ("at");
