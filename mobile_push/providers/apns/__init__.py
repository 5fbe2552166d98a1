"""Apple Push Notification service: iPhones, with nobody in between."""
