"""What knows no item and no case: errors, logs, files, time, forms, encryption, the database."""
