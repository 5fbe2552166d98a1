"""The workbench: pages of staff's, each in a room that is shown by role."""
