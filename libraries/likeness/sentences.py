"""What people read of pictures that can't be compared, in Chinese too: `zh-CN.toml` has it by the English."""

from banshi.sdk.http import Sentences

say = Sentences(__file__)
