"""JPush (极光推送): one contract for phones of Xiaomi, OPPO, vivo, Honor, Meizu and Huawei."""
