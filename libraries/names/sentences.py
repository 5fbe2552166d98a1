"""What people read of texts that are held back, in Chinese too: `zh-CN.toml` has it by the English."""

from banshi.sdk.http import Sentences

say = Sentences(__file__)
