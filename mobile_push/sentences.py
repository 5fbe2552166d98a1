"""What callers read of mobile_push's, in Chinese too: `zh-CN.toml` has it by the English."""

from banshi.sdk.http import Sentences

say = Sentences(__file__)
#: Of a title, which is no sentence.
word = say
