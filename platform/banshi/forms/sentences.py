"""What people read of their answers, in Chinese too: `zh-CN.toml` has it by the English."""

from banshi.foundation.sentences import Sentences

word = Sentences(__file__)
