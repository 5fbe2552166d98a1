"""The narcotics control police: precursor chemicals, rehabilitation, drug tests and tips."""
