-- After 0001_initial
CREATE TABLE "wechat_quota" (
    "key" VARCHAR(128) NOT NULL  PRIMARY KEY /* The account's name and what is counted, such as `wechat:wx1234\/force-token`. */,
    "period" VARCHAR(10) NOT NULL  /* The day or the month in Beijing; another one begins at nought. */,
    "used" INT NOT NULL,
    "spent_at" BIGINT NOT NULL  /* When it was last spent: milliseconds of the database's clock. */
);
