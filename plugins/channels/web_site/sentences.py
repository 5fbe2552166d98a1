"""What people read of the site, in Chinese too: `zh-CN.toml` has it by the English."""

from banshi.sdk.http import Sentences

say = Sentences(__file__)

#: The same for what is no sentence: a title, a label, a button.
word = say
