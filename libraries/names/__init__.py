"""What in a text reads like a person's name, in Chinese and English, by where it stands.

Behind "the driver", before "Ms" or "was arrested", alone between two commas: rules over words, all of it data. 某
(somebody) in place of a name is how notices have it, and is none. It finds too much rather than too little, and not
all: whoever uses it lets a person say that a word is none. `held_back` looks for people's numbers too.

    names_in("司机张小明撞桥了") == {"张小明"}
"""

from names.finding import names_in
from names.held_back import held_back

__all__ = ["held_back", "names_in"]
