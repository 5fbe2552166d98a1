"""What callers read of the kernel's, in Chinese too: `zh-CN.toml` has it by the English."""

from banshi.foundation.sentences import Sentences

say = Sentences(__file__)
#: Of a title, which is no sentence.
word = say
