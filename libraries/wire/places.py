"""Chinese maps: places that people send from them are in GCJ-02, up to some 700 metres beside where they are."""

from __future__ import annotations

from math import cos, pi, sin, sqrt

#: Of the Krasovsky ellipsoid: half of its longer axis in metres, and its eccentricity squared.
_AXIS, _ECCENTRICITY = 6_378_245.0, 0.006_693_421_622_965_943

#: Where the shift is made; elsewhere both are the same.
_LATITUDES, _LONGITUDES = (0.8293, 55.8271), (72.004, 137.8347)


def to_wgs84(latitude: float, longitude: float) -> tuple[float, float]:
    """The degrees in WGS 84 of a place in GCJ-02, to about a centimetre: the shift is taken back until it fits."""
    guess = latitude, longitude
    for _ in range(4):
        shifted = to_gcj02(*guess)
        guess = guess[0] - (shifted[0] - latitude), guess[1] - (shifted[1] - longitude)
    return guess


def to_gcj02(latitude: float, longitude: float) -> tuple[float, float]:
    """Where such a map shows a place of WGS 84."""
    if not (_LATITUDES[0] < latitude < _LATITUDES[1] and _LONGITUDES[0] < longitude < _LONGITUDES[1]):
        return latitude, longitude
    x, y = longitude - 105.0, latitude - 35.0
    both = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + both
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + both
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    angle = latitude / 180 * pi
    curve = 1 - _ECCENTRICITY * sin(angle) ** 2
    meridian = _AXIS * (1 - _ECCENTRICITY) / (curve * sqrt(curve))
    parallel = _AXIS / sqrt(curve) * cos(angle)
    return latitude + north * 180 / (meridian * pi), longitude + east * 180 / (parallel * pi)
