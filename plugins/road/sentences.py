"""What people read of this plugin's, in Chinese too: `zh-CN.toml` has it by the English."""

from banshi.sdk.http import Sentences

say = Sentences(__file__)
#: Of a title, which is no sentence.
word = say
