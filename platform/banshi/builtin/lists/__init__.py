"""Lists that forms choose from: countries, nationalities, peoples, and the divisions of the country."""
