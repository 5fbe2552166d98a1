"""Points and lines on a map, without a database that knows of places: what is in a box, what is beside a way.

in_box(positions({"type": "Point", "coordinates": [104.7, 31.4]}), (104, 31, 105, 32))
"""
