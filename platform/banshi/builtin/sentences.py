"""What callers read of the built-ins', in Chinese too: `zh-CN.toml` has it by the English."""

from banshi.foundation.sentences import Sentences

say = Sentences(__file__)

#: The same for what is no sentence: a title, a label, a word of one.
word = say
